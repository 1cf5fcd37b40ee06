'use strict';

/*
 * The PBX's TCP port, in front of its HTTP or HTTPS server, so that things
 * can go wrong before TLS and HTTP have a say: refused, reset, unanswered.
 *
 * Remembers its port: a PBX that restarts comes back on the same one.
 */

const net = require('net');

const RETRY_MS = 20;

class Listener {
  /* `server` takes accepted sockets by its 'connection' event. */
  constructor(server, faults) {
    this.server = server;
    this.faults = faults;
    this.sockets = new Set();
    this.secured = new Set();
    this.accepted = 0;
    this.tcp = net.createServer((socket) => this.accept(socket));

    server.on('secureConnection', (socket) => keep(this.secured, socket));
  }

  listen(port, host) {
    this.port = port;
    this.host = host;

    return new Promise((resolve, reject) => {
      this.tcp.once('error', reject);
      this.tcp.listen({ port, host, backlog: 1024 }, () => {
        this.tcp.removeListener('error', reject);
        this.port = this.tcp.address().port;
        resolve(this.port);
      });
    });
  }

  accept(socket) {
    this.accepted++;
    keep(this.sockets, socket);
    socket.on('error', () => {});

    if (this.faults.take(undefined, 'connections', 'reset')) {
      socket.resetAndDestroy();
      return;
    }

    /* Nothing is read: over TLS, the handshake hangs. */
    if (this.faults.take(undefined, 'connections', 'hang')) return;

    this.server.emit('connection', socket);
  }

  /* Refuses new connections for `ms`, or until open() where there is none. */
  refuse(ms) {
    clearTimeout(this.timer);
    if (this.tcp.listening) this.tcp.close();
    if (ms !== undefined) this.timer = setTimeout(() => this.open(), ms);
  }

  /* Another process may have the port for a moment, so it is tried again. */
  async open() {
    clearTimeout(this.timer);
    if (this.tcp.listening) return;

    try {
      await this.listen(this.port, this.host);
    } catch (e) {
      this.timer = setTimeout(() => this.open(), RETRY_MS);
    }
  }

  /*
   * Ends every connection there is, without a word.  TLS goes first: in Node
   * 18 it does not notice that the socket under it is destroyed.
   */
  cut() {
    const count = this.sockets.size;

    for (const socket of this.secured) socket.destroy();
    for (const socket of this.sockets) socket.destroy();
    return count;
  }

  close() {
    this.refuse();
    this.cut();
  }
}

function keep(set, socket) {
  set.add(socket);
  socket.on('close', () => set.delete(socket));
}

module.exports = { Listener };
