import { Checkbox, Input, Select } from 'antd';
import { useState } from 'react';
import { ActionDialog } from '../actions/action_dialog';
import { CommandProgress } from '../actions/command_progress';
import { Field } from '../actions/field';
import { formatYuanFloor } from '../core/money';
import { instantOfLocal, timestamp } from '../core/time';
import type { Account, Room } from '../gen/prepay/account/v1/account_pb';
import { CommandAction } from '../gen/prepay/metering/v1/metering_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { metering } from '../session/clients';
import { DateTimeField } from '../ui/date_fields';
import { useZone } from '../ui/surroundings';

const words: Partial<Record<CommandAction, { title: TextKey; consequence: TextKey }>> = {
    [CommandAction.TRIP]: { title: 'action.trip', consequence: 'action.trip.consequence' },
    [CommandAction.CLOSE]: { title: 'action.close', consequence: 'action.close.consequence' },
    [CommandAction.RELEASE]: { title: 'action.release', consequence: 'action.release.consequence' },
};

// A relay command that could not be sent for this long is stale: somebody must decide anew.
const validForMs = 5 * 60_000;

interface CommandDialogProps {
    action: CommandAction;
    room: Room;
    account: Account | undefined;
    onClose: () => void;
    onDone: () => void;
}

function useConsequence({ action, room, account }: CommandDialogProps): string {
    const { t } = useText();
    const who = account ? `${room.displayName} ${account.customer?.displayName ?? ''}` : `${room.displayName} (${t('state.vacant')})`;
    return t(words[action]!.consequence, {
        who,
        balance: account ? formatYuanFloor(account.balanceMicros) : '–',
        keep: t(account?.keepPower ? 'room.yes' : 'room.no'),
    });
}

export function CommandDialog(props: CommandDialogProps) {
    const { action, room, account, onClose, onDone } = props;
    const { t } = useText();
    const consequence = useConsequence(props);
    const [meterId, setMeterId] = useState(room.meterIds[0] ?? '');
    const [reason, setReason] = useState('');
    const [agreed, setAgreed] = useState(false);
    const [until, setUntil] = useState('');
    const zone = useZone();
    const endMs = until ? instantOfLocal(until, zone) : null;
    const tooEarly = endMs !== null && endMs <= Date.now() + validForMs;
    const title = t(words[action]!.title);
    const trip = action === CommandAction.TRIP;
    const mustAgree = trip && account?.keepPower === true;
    const submit = (requestId: string) =>
        metering.submitCommand({
            requestId, meterId, action, reasonText: reason.trim(), notAfter: timestamp(Date.now() + validForMs),
            overrideKeepPower: mustAgree && agreed,
            holdExpireTime: trip && endMs !== null ? timestamp(endMs) : undefined,
        });
    return (
        <ActionDialog
            title={`${title} · ${room.displayName}`}
            consequence={consequence}
            confirm={title}
            danger={trip}
            ready={meterId !== '' && (!trip || reason.trim() !== '') && (!mustAgree || agreed) && !tooEarly}
            content={JSON.stringify([action, meterId, reason, agreed, until])}
            run={submit}
            result={({ command }) => command && <CommandProgress commandId={command.commandId} first={command} />}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <>
                    {room.meterIds.length > 1 && (
                        <Field label={t('meter.meter')}>
                            {(id) => <Select id={id} value={meterId} disabled={locked} onChange={setMeterId} options={room.meterIds.map((m) => ({ value: m, label: m }))} />}
                        </Field>
                    )}
                    <Field label={t(trip ? 'action.reason_required' : 'action.reason')}>
                        {(id) => <Input id={id} value={reason} maxLength={200} disabled={locked} autoFocus onChange={(e) => setReason(e.target.value)} />}
                    </Field>
                    {trip && (
                        <Field label={t('action.trip.until')} hint={tooEarly ? t('reason.HOLD_EXPIRY_TOO_EARLY') : zone}>
                            {(id) => <DateTimeField id={id} value={until} disabled={locked} wrong={tooEarly} onChange={setUntil} />}
                        </Field>
                    )}
                    {mustAgree && (
                        <Checkbox checked={agreed} disabled={locked} onChange={(e) => setAgreed(e.target.checked)}>
                            {t('action.trip.keep_power')}
                        </Checkbox>
                    )}
                </>
            )}
        />
    );
}
