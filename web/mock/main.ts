// A pretended console for working on the pages without the services: Connect endpoints, client
// config, simulated provider and, when it is built, web/dist. Development only.
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OrderKind, OrderState } from '../src/gen/prepay/account/v1/account_pb';
import { now } from './park';
import { park, routes, unpaid } from './services';

const port = Number(process.env.PORT ?? 22000);
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const creditAfterMs = 1_500;

/** What `PUT /sim/faults` of the simulated provider can do here: hold the notices until `POST /sim/release`. */
let holding = false;
let held: (() => void)[] = [];

async function readJson<T>(request: IncomingMessage): Promise<T> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    return JSON.parse(body) as T;
}

function release(): void {
    const notices = held;
    held = [];
    for (const notice of notices) notice();
}

async function setFaults(request: IncomingMessage, response: ServerResponse): Promise<void> {
    holding = (await readJson<{ hold_notices?: boolean }>(request)).hold_notices ?? false;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
}

async function pay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const order = unpaid.get((await readJson<{ package: string }>(request)).package.replace('prepay_id=', ''));
    const notice = () => {
        const account = order && park.accounts.get(order.accountId);
        if (!order || !account || order.state !== OrderState.PENDING) return;
        const posted = park.post(account, order.amountMicros, 'top-up', OrderKind.WECHAT_TOP_UP, 'wechat');
        Object.assign(order, { state: OrderState.CREDITED, finishTime: now(), balanceAfterMicros: posted.balanceAfterMicros });
    };
    if (holding) held.push(notice);
    else setTimeout(notice, creditAfterMs);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
}

function serveFile(path: string, response: ServerResponse): void {
    let file = join(dist, normalize(path));
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    if (!existsSync(file)) file = join(dist, 'index.html');
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
}

const connect = connectNodeAdapter({ routes });

createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://mock').pathname;
    if (path.startsWith('/prepay.')) connect(request, response);
    else if (path === '/client-config.json') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ provider_simulator_url: `http://${request.headers.host}` }));
    else if (path === '/sim/pay') void pay(request, response);
    else if (path === '/sim/faults') void setFaults(request, response);
    else if (path === '/sim/release') { release(); response.writeHead(200).end('{}'); }
    else serveFile(path, response);
}).listen(port, '127.0.0.1', () => console.log(`mock console on http://127.0.0.1:${port}`));

setInterval(() => park.tick(), 500);
