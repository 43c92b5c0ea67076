// node render_config.mjs <demo folder>: writes <demo folder>/config/<service>.yaml, the production
// examples of deploy/config with the addresses, secrets and paths of this machine's demo.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseDocument } from 'yaml';
import { spec } from './park.mjs';
import { topology } from './topology.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const demo = process.argv[2];
const examples = join(here, '../config');
const endpoints = JSON.parse(readFileSync(join(demo, 'endpoints.json'), 'utf8'));
const secret = (name) => join(demo, 'secrets', name);

const services = Object.entries(topology.services);
const grpcOf = (service) => endpoints[`${service}-grpc`] ?? endpoints[service];
/** The service behind a key of `peers`. */
const serviceOf = (peer) => services.find(([, { schema }]) => schema === peer)[0];

/** Keys whose demo value differs from the example, beside those that all services have. */
const own = {
    console: () => ({
        'web.listen': endpoints.console,
        'web.root': join(here, '../../web/dist'),
        'web.provider_simulator_url': `http://${endpoints['provider-simulator']}`,
        'auth.private_key_file': secret('token_key.pem'),
    }),
    'metering-gateway': () => ({
        packs_dir: join(here, '../../services/metering-gateway/packs'),
        // The simulated registers run fast; plausible is rated power x time x this.
        'plausibility.power_margin_percent': 150 * spec.speed,
    }),
    account: () => ({ wechat: wechatSection() }),
    alarm: () => ({
        'smtp.url': `smtp://${endpoints.smtp}`,
        'smtp.from': 'energy@park.example',
        'smtp.tls': 'none',
        'smtp.user': undefined,
        'smtp.password_file': undefined,
        'messages.pay_url': `http://${endpoints.console}/m/`,
        'webhook.allowed_targets': ['127.0.0.1'],
        'send.retry_min': '1s',
    }),
};

/** The simulated provider writes the section that fits its keys. */
function wechatSection() {
    const section = parse(readFileSync(secret('wechat/account-wechat.yaml'), 'utf8'));
    return section.wechat ?? section;
}

function common(service, document) {
    const { schema, peers } = topology.services[service];
    const values = {
        'listen.grpc': grpcOf(service),
        'listen.http': endpoints[`${service}-http`],
        'database.url': `postgresql://prepay_${schema}@${endpoints.postgres}/prepay`,
        'database.password_file': secret(`pg_${schema}.password`),
        'auth.public_key_file': secret('token_key.pub.pem'),
        'auth.service_token_file': secret(`${schema}.token`),
        reflection: true,
    };
    if (document.has('kafka')) {
        values['kafka.brokers'] = endpoints.kafka;
        values['kafka.partition_count'] = topology.topics.partitions;
    }
    for (const peer of peers) {
        values[`peers.${peer}`] = grpcOf(serviceOf(peer));
    }
    return values;
}

/** Sets a dotted key; a section whose keys are all commented out is empty, not a map, before. */
function set(document, key, value) {
    const path = key.split('.');
    if (path.length > 1 && !document.getIn(path.slice(0, -1))) {
        document.setIn(path.slice(0, -1), document.createNode({}));
    }
    document.setIn(path, document.createNode(value));
}

mkdirSync(join(demo, 'config'), { recursive: true });
for (const [service] of services) {
    const file = `${service}.yaml`;
    const document = parseDocument(readFileSync(join(examples, file), 'utf8'));
    const values = { ...common(service, document), ...own[service]?.() };
    for (const [key, value] of Object.entries(values)) {
        if (value === undefined) {
            document.deleteIn(key.split('.'));
        } else {
            set(document, key, value);
        }
    }
    writeFileSync(join(demo, 'config', file), document.toString({ lineWidth: 0 }));
}
