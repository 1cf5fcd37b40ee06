'use strict';

/*
 * Bodies of HTTP requests in, JSON answers out.  Used by the API and by the
 * control port.
 */

const { Refusal } = require('./refusal');

const BODY_MAX = 8 * 1024 * 1024;

/* The whole body; rejects where it is too long or the peer has gone. */
function readBody(req) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let length = 0;

    req.on('data', (chunk) => {
      length += chunk.length;
      if (length > BODY_MAX) reject(new Refusal(413, 'too long'));
      else chunks.push(chunk);
    });
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('error', () => {});
    req.on('close', () => reject(new Refusal(400, 'cut short')));
  });
}

/* null where the body is no JSON. */
function parseJson(body) {
  try {
    return JSON.parse(body.toString());
  } catch (e) {
    return null;
  }
}

/*
 * The fields of a token request: urlencoded, or multipart/form-data as some
 * official samples send it.  No fields where it is neither.
 */
function parseForm(type = '', body) {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)/i.exec(type);

  if (boundary) return parseMultipart(body.toString(), boundary[1]);

  return /^application\/x-www-form-urlencoded/i.test(type) ?
    Object.fromEntries(new URLSearchParams(body.toString())) : {};
}

function parseMultipart(text, boundary) {
  const form = {};

  for (const part of text.split(`--${boundary}`)) {
    const end = part.indexOf('\r\n\r\n');
    const name = /;\s*name="([^"]*)"/i.exec(part.slice(0, end));

    if (end > 0 && name) form[name[1]] = part.slice(end + 4, -2);
  }

  return form;
}

/*
 * Sends a body as JSON, or a Buffer as it is.  `length` makes the answer at
 * least so long, by white space that leaves the JSON good; `cut` breaks the
 * connection in the middle of it.
 */
function send(res, status, body, { headers = {}, length = 0, cut } = {}) {
  const raw = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const data = raw.length < length ? Buffer.alloc(length, ' ') : raw;

  raw.copy(data);
  res.writeHead(status, { 'Content-Type': 'application/json',
    'Content-Length': data.length, ...headers });

  if (!cut) {
    res.end(data);
    return;
  }

  res.write(data.subarray(0, data.length / 2), () => res.destroy());
}

module.exports = { parseForm, parseJson, readBody, send };
