'use strict';

/*
 * Access tokens by the client credentials grant (fact sheet: access token).
 *
 * A token is a JWT to look at, but is known by its text: nobody checks the
 * signature.  A grant emits 'revoked' when it stops being good before its
 * time; what becomes of WebSockets opened with it is not known here.
 */

const crypto = require('crypto');
const { EventEmitter } = require('events');

const LIFETIME_S = 3600;

class Tokens extends EventEmitter {
  constructor(faults) {
    super();
    this.faults = faults;
    this.key = crypto.randomBytes(32);
    this.clear();
  }

  clear() {
    this.byText = new Map();
    this.byClient = new Map();
  }

  /*
   * Answers the form of a token request: {status, body}.  `client` is who
   * its client_id names, if anybody.
   */
  answer(form, client) {
    if (!form.client_id || !form.client_secret || !form.grant_type) {
      return failure(400, 'invalid_request');
    }

    if (form.grant_type !== 'client_credentials') {
      return failure(400, 'unsupported_grant_type');
    }

    if (!client || client.secret !== form.client_secret) {
      return failure(401, 'invalid_client');
    }

    return { status: 200, body: this.grant(client) };
  }

  grant(client) {
    const lifetime = this.fault(client, 'lifetime_s') ?? LIFETIME_S;
    const expiresIn = this.fault(client, 'expires_in') ?? Math.ceil(lifetime);

    /* Whether a second grant really revokes is one party's claim: both. */
    if (this.fault(client, 'revoke') === false) this.dropExpired(client);
    else this.revokeAll(client);

    const grant = this.remember(client, lifetime);

    client.stats.granted(grant.generation);

    return {
      token_type: 'Bearer',
      expires_in: expiresIn === 'missing' ? undefined : expiresIn,
      access_token: grant.text,
      refresh_token: null,
    };
  }

  remember(client, lifetime) {
    const text = this.fault(client, 'opaque') ?
      crypto.randomBytes(24).toString('hex') : this.jwt(client, lifetime);
    const grant = { text, client, generation: client.stats.grants + 1,
      expires: Date.now() + lifetime * 1000 };

    this.byText.set(text, grant);
    this.of(client).add(grant);

    return grant;
  }

  jwt(client, lifetime) {
    const now = Math.floor(Date.now() / 1000);
    const head = { alg: 'HS256', typ: 'JWT' };
    const claims = { sub: client.id, client_id: client.id, iat: now,
      exp: now + Math.ceil(lifetime), jti: crypto.randomUUID() };
    const signed = `${base64url(head)}.${base64url(claims)}`;
    const signature = crypto.createHmac('sha256', this.key)
      .update(signed).digest('base64url');

    return `${signed}.${signature}`;
  }

  /* The grant whose token a request bears, if it is good now. */
  find(req) {
    const bearer = /^Bearer +(\S+)$/i.exec(req.headers.authorization || '');
    const grant = bearer && this.byText.get(bearer[1]);

    return grant && grant.expires > Date.now() ? grant : undefined;
  }

  revokeAll(client) {
    for (const grant of this.of(client)) {
      this.byText.delete(grant.text);
      this.emit('revoked', grant);
    }

    this.byClient.delete(client);
  }

  dropExpired(client) {
    for (const grant of this.of(client)) {
      if (grant.expires > Date.now()) continue;
      this.byText.delete(grant.text);
      this.of(client).delete(grant);
    }
  }

  of(client) {
    if (!this.byClient.has(client)) this.byClient.set(client, new Set());
    return this.byClient.get(client);
  }

  fault(client, name) {
    return this.faults.take(client.id, 'token', name);
  }
}

function failure(status, error) {
  return { status, body: { error, error_description: 'see the API client' } };
}

function base64url(object) {
  return Buffer.from(JSON.stringify(object)).toString('base64url');
}

module.exports = { Tokens };
