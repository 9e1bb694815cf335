// A way to the database that can be cut: a server that passes bytes on, until it no longer does.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { formatDsn, parseDsn } from './connection.mjs';

const placeOf = ({ host, port = '5432' }) =>
  (host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port: Number(port) });

// Whatever is answered on a connection after its request holds `mark` is swallowed, and the connection cut.
function passOn(client, server, isToBeCut) {
  let isCut = false;
  const end = () => [client, server].forEach((socket) => socket.destroy());
  client.on('data', (data) => {
    isCut = isCut || isToBeCut(data);
    server.write(data);
  });
  server.on('data', (data) => (isCut ? end() : client.write(data)));
  [client, server].forEach((socket) => socket.on('close', end).on('error', end));
}

export async function startDetour(dsn) {
  const keywords = parseDsn(dsn);
  const detour = { cuts: 0, marks: [] };
  const sockets = new Set();
  const isToBeCut = (data) => {
    const place = detour.marks.findIndex((mark) => data.includes(mark));
    if (place < 0) return false;
    detour.marks.splice(place, 1);
    detour.cuts += 1;
    return true;
  };
  const server = createServer((client) => {
    sockets.add(client);
    passOn(client, connect(placeOf(keywords)), isToBeCut);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  detour.dsn = formatDsn({ ...keywords, host: '127.0.0.1', port: server.address().port, sslmode: 'disable' });
  detour.close = () => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  };
  return detour;
}
