import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check } from './console_checks';
import { baseUrl } from './harness';
import { needsGrpcurl, shellBlocks } from './shell_blocks';

const root = join(import.meta.dirname, '..', '..');
const runMaxMs = 420_000;

// What the story must have come to, before its room is given back.
const outcome = `
for _ in $(seq 40); do
    PAID=$(TOKEN=$TENANT call account.v1.TenantService/GetPayment "{\\"orderId\\": \\"$ORDER\\"}" | jq -r .order.state)
    RESTORED=$(call account.v1.AccountService/ListSwitchIntents "{\\"accountId\\": \\"$ACCOUNT\\"}" | jq '[.intents[] | select(.action == "SWITCH_ACTION_RESTORE" and .state == "SWITCH_INTENT_STATE_DONE")] | length')
    [[ $PAID == ORDER_STATE_CREDITED && $RESTORED != 0 ]] && break
    sleep 1
done
jq -nc --arg room "$ROOM" --arg account "$ACCOUNT" --arg order "$ORDER" --arg charge "$CHARGE" --arg paid "$PAID" --arg restored "$RESTORED" '$ARGS.named' >"$OUTCOME"
`;

interface Outcome {
    room: string;
    account: string;
    order: string;
    charge: string;
    paid: string;
    restored: string;
}

interface Story {
    /** Settles when the story has its room, or has ended. */
    hasRoom: Promise<void>;
    told: Promise<Outcome>;
}

/** Runs all blocks of the walkthrough in one shell, as somebody who types them. */
function tellStory(folder: string, run: number): Story {
    const blocks = shellBlocks(readFileSync(join(root, 'docs/api/walkthrough.md'), 'utf8')).filter((block) => !needsGrpcurl(block));
    const end = blocks.pop()!;
    assert.match(end, /CloseAccount/, 'the last block gives the room back');
    const letRoom = blocks.findIndex((block) => block.includes('OpenAccount'));
    assert.ok(letRoom >= 0, 'a block lets the room');
    blocks.splice(letRoom + 1, 0, 'echo "has its room" >&3');
    const script = join(folder, `story-${run}.sh`);
    const log = join(folder, `story-${run}.log`);
    const file = join(folder, `outcome-${run}.json`);
    writeFileSync(script, ['set -eu', ...blocks, outcome, end].join('\n'));
    const out = openSync(log, 'w');
    // In a group of its own: what waits in its loops ends with it.
    const child = spawn('bash', [script], { cwd: root, detached: true, stdio: ['ignore', out, out, 'pipe'], env: { ...process.env, PORT: new URL(baseUrl).port, OUTCOME: file } });
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), runMaxMs);
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    const told = ended.then((code) => {
        clearTimeout(timer);
        const said = readFileSync(log, 'utf8');
        assert.equal(code, 0, `run ${run} of the walkthrough:\n${said.slice(-2000)}`);
        assert.match(said, /ACCOUNT_STATE_CLOSED/, 'the room is given back');
        return JSON.parse(readFileSync(file, 'utf8')) as Outcome;
    });
    return { hasRoom: Promise.race([new Promise<void>((resolve) => child.stdio[3]!.once('data', () => resolve())), ended.then(() => undefined)]), told };
}

/**
 * Twice, because fixed request ids would give the second run the first one's account; the second begins when
 * the first has its room, so that it takes another.
 */
async function twice(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'walkthrough-'));
    const first = tellStory(folder, 1);
    await first.hasRoom;
    const second = tellStory(folder, 2);
    const told = await Promise.allSettled([first.told, second.told]);
    const failures = told.flatMap((story) => (story.status === 'rejected' ? [String(story.reason)] : []));
    assert.ok(failures.length === 0, failures.join('\n'));
    const runs = told.flatMap((story) => (story.status === 'fulfilled' ? [story.value] : []));
    for (const run of runs) {
        for (const [what, id] of Object.entries(run)) assert.ok(id !== '' && id !== 'null', `${what}: "${id}"`);
        assert.equal(run.paid, 'ORDER_STATE_CREDITED');
        assert.notEqual(run.restored, '0', 'power is back');
    }
    assert.equal(runs.length, 2);
    for (const what of ['room', 'account', 'order', 'charge'] as const) assert.notEqual(runs[0]![what], runs[1]![what], `the second run has its own ${what}`);
    return runs.map((run) => run.account).join(', ');
}

/** Needs the whole suite, so only where the address of a demo is given. */
export const walkthroughChecks: Check[] = process.env.BASE_URL ? [{ name: 'docs/api/walkthrough.md, typed twice', run: twice }] : [];
