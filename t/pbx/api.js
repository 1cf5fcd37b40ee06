'use strict';

/*
 * The PBX's own HTTP side: the token endpoint and the Call Control API, with
 * the faults that are switched on.
 *
 * What is asked is answered by Tokens and callcontrol.js; this file is about
 * when and how the answer goes out.
 */

const callcontrol = require('./callcontrol');
const { pause } = require('./faults');
const { parseForm, parseJson, readBody, send } = require('./http');

const TOKEN_PATH = '/connect/token';

const HTML = Buffer.from('<!DOCTYPE html><html><head><title>PBX</title>' +
  '</head><body><h1>Please wait</h1></body></html>\n');

class Api {
  constructor({ pbx, tokens, faults, log }) {
    Object.assign(this, { pbx, tokens, faults, log });
  }

  /* The listener of 'request'. */
  async serve(req, res) {
    try {
      const body = await readBody(req);

      if (req.url.split('?')[0] === TOKEN_PATH) {
        await this.serveToken(req, res, body);
      } else {
        await this.serveCall(req, res, body);
      }

    } catch (e) {
      if (!e.status) throw e;
      if (!res.destroyed) send(res, e.status, {});
    }
  }

  async serveToken(req, res, body) {
    const form = parseForm(req.headers['content-type'], body);
    const client = this.pbx.clients.get(form.client_id);
    const answer = () => (req.method === 'POST' ?
      this.tokens.answer(form, client) :
      callcontrol.refused(405, 'no such method'));

    const status = await this.reply(req, res, 'token', client, answer);

    if (status >= 400) this.stats(client).tokenFailed();
  }

  async serveCall(req, res, body) {
    const { method, url } = req;
    const route = callcontrol.findRoute(url, method);
    const kind = route ? route.kind : 'other';
    const grant = this.tokens.find(req);
    const client = grant && grant.client;
    const faults = (name) => this.faults.take(client.id, kind, name);

    /* The token may have been revoked while the request was held up. */
    const answer = () => (this.tokens.find(req) ?
      callcontrol.call(this.pbx, client, route, method, parseJson(body),
        faults) :
      callcontrol.refused(401, 'the token is not good'));

    await this.reply(req, res, kind, client, answer);
  }

  /* Sends what `answer` makes, as the faults will have it; its outcome. */
  async reply(req, res, kind, client, answer) {
    const stats = this.stats(client);
    let outcome;

    stats.pend(1);

    try {
      outcome = await this.misbehave(res, kind, client, answer);
    } finally {
      stats.pend(-1);
    }

    stats.answered(kind, outcome);
    this.log(`${req.method} ${req.url.split('?')[0]} ${outcome}`);

    return outcome;
  }

  async misbehave(res, kind, client, answer) {
    const fault = (name) => this.faults.take(client && client.id, kind, name);

    await pause(fault('delay_ms'));

    if (fault('hang')) {
      await gone(res);
      return 'hang';
    }

    const { status, body } = forced(fault('status'), answer);
    const headers = headersOf(status, fault('retry_after'));
    const shape = fault('body');
    const options = { headers, length: fault('huge'), cut: fault('cut') };

    await pause(fault('late_ms'));
    if (res.destroyed) return 'gone';

    if (shape === 'html') headers['Content-Type'] = 'text/html';
    send(res, status, shaped(shape, body), options);

    return status;
  }

  stats(client) {
    return client ? client.stats : this.pbx.totals;
  }
}

/* Until the peer has given up. */
function gone(res) {
  return res.destroyed ? undefined :
    new Promise((resolve) => res.on('close', resolve));
}

/* A forced 2xx goes with what was asked; any other one is instead of it. */
function forced(status, answer) {
  if (status && (status < 200 || status > 299)) {
    return callcontrol.refused(status, 'by a switched fault');
  }

  const made = answer();

  return status && made.status === 200 ? { ...made, status } : made;
}

function headersOf(status, retryAfter) {
  const headers = {};

  if (status === 401) headers['WWW-Authenticate'] = 'Bearer';
  if (retryAfter !== undefined) headers['Retry-After'] = retryAfter;

  return headers;
}

function shaped(shape, body) {
  if (shape === 'html') return HTML;
  if (shape === 'empty') return Buffer.alloc(0);
  if (shape !== 'malformed') return body;

  const text = JSON.stringify(body);

  return Buffer.from(text.slice(0, -1));
}

module.exports = { Api };
