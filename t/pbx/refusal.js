'use strict';

/* Why something was not done, with the HTTP status that says so. */
class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

module.exports = { Refusal };
