// What is often written with imapflow: a small HTTP server with one kept connection for each account, INBOX open.
//
//   node server.mjs IMAP-HOST IMAP-PORT CA-FILE      writes its own port to standard output
//
// The caller's token, or password, is the one that the connection was signed in with.

import http from 'node:http';
import { readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ImapFlow } from 'imapflow';

const [host, port, caFile] = process.argv.slice(2);
const tls = { ca: readFileSync(caFile) };
const SUMMARY = { uid: true, envelope: true, bodyStructure: true, flags: true, size: true, internalDate: true };

class Refused extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

const connections = new Map();

function connectionOf(account, authorization) {
    const key = `${account}\n${authorization}`;
    if (!connections.has(key)) {
        const opening = open(account, authorization, () => connections.delete(key));
        opening.catch(() => connections.delete(key));
        connections.set(key, opening);
    }
    return connections.get(key);
}

async function open(account, authorization, closed) {
    const client = new ImapFlow({
        host,
        port: Number(port),
        secure: true,
        tls,
        auth: credentials(account, authorization),
        logger: false,
        disableCompression: true // it costs both sides more than a loopback saves
    });
    client.on('error', () => client.close());
    client.on('close', closed);
    await client.connect();
    await client.mailboxOpen('INBOX');
    return client;
}

function credentials(user, authorization) {
    const [scheme, value] = authorization.split(' ');
    if (scheme === 'Bearer') {
        return { user, accessToken: value };
    }
    if (scheme === 'Basic') {
        const pair = Buffer.from(value, 'base64').toString();
        return { user, pass: pair.slice(pair.indexOf(':') + 1) };
    }
    throw new Refused(401, 'a token or a password is needed');
}

async function page(client, limit) {
    const { exists } = client.mailbox;
    const messages = exists ? await client.fetchAll(`${Math.max(1, exists - limit + 1)}:*`, SUMMARY) : [];
    return { messages: messages.reverse().map(shown) };
}

async function one(client, uid) {
    return shown(await found(client, uid, { ...SUMMARY, headers: ['references'] }));
}

async function body(client, uid) {
    const { bodyStructure } = await found(client, uid, { bodyStructure: true });
    const parts = texts(bodyStructure);
    const downloads = await client.downloadMany(uid, Object.values(parts), { uid: true });
    const read = (part) => {
        const { content, meta } = downloads[part] ?? {};
        return content ? new TextDecoder(meta.charset ?? 'utf-8').decode(content) : null;
    };
    return { text: read(parts.plain), html: read(parts.html) };
}

async function flag(client, uid, name, set) {
    const change = set ? client.messageFlagsAdd(uid, [name], { uid: true }) : client.messageFlagsRemove(uid, [name], { uid: true });
    if (!(await change)) {
        throw new Refused(409, 'the flag was not changed');
    }
    return { [set ? 'added' : 'removed']: name };
}

async function attachment(client, uid, part, response) {
    const { content, meta } = await client.download(uid, part, { uid: true });
    if (!content) {
        throw new Refused(404, 'no such part');
    }
    response.writeHead(200, { 'Content-Type': meta.contentType ?? 'application/octet-stream' });
    await pipeline(content, response);
}

async function found(client, uid, query) {
    const message = await client.fetchOne(uid, query, { uid: true });
    if (!message) {
        throw new Refused(404, 'no such message');
    }
    return message;
}

function shown({ uid, envelope, bodyStructure, flags, size, internalDate, headers }) {
    return { id: String(uid), envelope, bodyStructure, flags: [...flags], size, internalDate, headers: headers?.toString() };
}

function texts(node, wanted = {}) {
    const [type, subtype] = node.type.split('/');
    if (type === 'text' && ['plain', 'html'].includes(subtype) && node.disposition !== 'attachment') {
        wanted[subtype] ??= node.part ?? '1';
    }
    node.childNodes?.forEach((child) => texts(child, wanted));
    return wanted;
}

const ROUTE = /^\/accounts\/([^/]+)\/messages(?:\/(\d+)(?:\/(body|parts|flags)(?:\/([^/]+))?)?)?$/;

async function answer(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const [, account, uid, kind, name] = ROUTE.exec(url.pathname) ?? [];
    if (!account) {
        throw new Refused(404, 'no such resource');
    }
    const client = await connectionOf(decodeURIComponent(account), request.headers.authorization ?? '');
    if (kind === 'parts') {
        return attachment(client, uid, name, response);
    }
    const value = await {
        undefined: () => (uid ? one(client, uid) : page(client, Number(url.searchParams.get('limit') ?? 50))),
        body: () => body(client, uid),
        flags: () => flag(client, uid, decodeURIComponent(name), request.method === 'PUT')
    }[kind]();
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(value));
}

const server = http.createServer((request, response) => {
    answer(request, response).catch((error) => {
        const status = error.status ?? (error.authenticationFailed ? 401 : 502);
        if (response.headersSent) {
            response.destroy();
        } else {
            response.writeHead(status, { 'Content-Type': 'application/json' });
            response.end(JSON.stringify({ error: error.message }));
        }
    });
});
server.keepAliveTimeout = 0; // clients keep their connections through the others' turns
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
