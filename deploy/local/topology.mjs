// deploy/topology.yaml as the scripts here use it.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** topology.yaml as written. */
export const topology = parse(readFileSync(new URL('../topology.yaml', import.meta.url), 'utf8'));

/**
 * Every address of the demo as [name, offset from the port base]. A service's own name is where
 * others go first: to its pages, else its gRPC; <service>-grpc and <service>-http are the rest.
 */
export const portOffsets = [
    ...Object.entries(topology.services).flatMap(([service, { demo_ports: ports }]) => {
        const first = ports.web === undefined ? 'grpc' : 'web';
        return Object.entries(ports).map(
            ([kind, offset]) => [kind === first ? service : `${service}-${kind}`, offset]);
    }),
    ...Object.entries(topology.demo.ports),
];
