// node render_topology.mjs: prints what services.sh needs of deploy/topology.yaml as shell variables.
import { portOffsets, topology } from './topology.mjs';

const services = Object.entries(topology.services);
console.log(`SERVICES=(${services.map(([name]) => name).join(' ')})
SCHEMAS=(${services.map(([, { schema }]) => schema).join(' ')})
declare -gA PORT_OFFSETS=(${portOffsets.map(([name, offset]) => `[${name}]=${offset}`).join(' ')})
LINE_PORTS=${topology.demo.line_ports}
DEFAULT_PORT_BASE=${topology.demo.port_base}`);
