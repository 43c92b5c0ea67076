// node smtp_sink.mjs <host:port> <folder>: takes every mail and writes it to <folder>, one .eml file
// each, named by arrival. Delivers nothing.
import { createWriteStream, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';

const [address, folder] = process.argv.slice(2);
const [host, port] = address.split(':');
let count = 0;
mkdirSync(folder, { recursive: true });

const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
        const recipient = (session.envelope.rcptTo[0]?.address ?? 'nobody').replace(/[^\w.@-]/g, '_');
        const time = new Date().toISOString().replace(/[:.]/g, '-');
        const name = join(folder, `${time}-${String((count += 1)).padStart(4, '0')}-${recipient}.eml`);
        const file = createWriteStream(`${name}.part`);
        stream.pipe(file);
        file.on('finish', () => {
            renameSync(`${name}.part`, name);
            done(null, 'kept');
        });
        file.on('error', done);
    },
});
server.on('error', (error) => console.error(error.message));
server.listen(Number(port), host, () => console.log(`SMTP sink on ${address}, mails in ${folder}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
