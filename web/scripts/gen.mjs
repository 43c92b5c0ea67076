// Generates src/gen from ../proto with the system's protoc and the plugin of node_modules.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('..', import.meta.url));
const protoRoot = join(web, '..', 'proto');
const out = join(web, 'src', 'gen');

const protos = readdirSync(protoRoot, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.proto') && !name.endsWith('events.proto'));

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
execFileSync(
    'protoc',
    [
        `--plugin=protoc-gen-es=${join(web, 'node_modules', '.bin', 'protoc-gen-es')}`,
        `-I${protoRoot}`,
        `--es_out=${out}`,
        '--es_opt=target=ts',
        ...protos,
    ],
    { stdio: 'inherit' },
);
