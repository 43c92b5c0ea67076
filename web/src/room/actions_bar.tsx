import { Button, Dropdown } from 'antd';
import { DownOutlined } from '@ant-design/icons';
import { useState } from 'react';
import { AssignTariffDialog } from '../actions/assign_tariff';
import { RefundDialog, TopUpDialog } from '../actions/money_dialogs';
import type { Account, Room } from '../gen/prepay/account/v1/account_pb';
import { CommandAction } from '../gen/prepay/metering/v1/metering_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { CloseAccountDialog, OpenAccountDialog } from './account_dialogs';
import { CommandDialog } from './command_dialog';
import { TenantLinkDialog } from './link_dialog';
import { AlarmLevelsDialog, KeepPowerDialog } from './settings_dialogs';

type ActionName =
    | 'open_account' | 'close_account' | 'top_up' | 'refund' | 'alarm_levels' | 'tenant_link'
    | 'trip' | 'close' | 'release' | 'keep_power' | 'set_tariff';

interface ActionsBarProps {
    room: Room;
    account: Account | undefined;
    onDone: () => void;
}

const commands: Partial<Record<ActionName, CommandAction>> = {
    trip: CommandAction.TRIP,
    close: CommandAction.CLOSE,
    release: CommandAction.RELEASE,
};

function Dialog({ name, room, account, onClose, onDone }: ActionsBarProps & { name: ActionName; onClose: () => void }) {
    const command = commands[name];
    if (command !== undefined) return <CommandDialog action={command} room={room} account={account} onClose={onClose} onDone={onDone} />;
    if (name === 'open_account') return <OpenAccountDialog room={room} onClose={onClose} onDone={onDone} />;
    if (name === 'set_tariff') return <AssignTariffDialog meterIds={room.meterIds} title={room.displayName} onClose={onClose} onDone={onDone} />;
    if (!account) return null;
    const shared = { account, onClose, onDone };
    switch (name) {
        case 'top_up': return <TopUpDialog {...shared} roomName={room.displayName} />;
        case 'refund': return <RefundDialog {...shared} roomName={room.displayName} />;
        case 'close_account': return <CloseAccountDialog {...shared} room={room} />;
        case 'alarm_levels': return <AlarmLevelsDialog {...shared} />;
        case 'keep_power': return <KeepPowerDialog {...shared} />;
        default: return <TenantLinkDialog account={account} onClose={onClose} />;
    }
}

function useActionNames({ room, account }: ActionsBarProps): { money: ActionName[]; power: ActionName[]; more: ActionName[] } {
    const maySell = useMay(Permission.SELL);
    const mayControl = useMay(Permission.CONTROL);
    const owned = account !== undefined;
    const metered = room.meterIds.length > 0;
    const sell = (names: ActionName[]) => (maySell && owned ? names : []);
    return {
        money: maySell && !owned ? ['open_account'] : sell(['top_up']),
        power: mayControl && metered ? ['trip', 'close'] : [],
        more: [
            ...(mayControl && metered ? (['release', 'set_tariff'] as const) : []),
            ...(mayControl && owned ? (['keep_power'] as const) : []),
            ...sell(['alarm_levels', 'tenant_link', 'refund', 'close_account']),
        ],
    };
}

/** What this role may do with this room. */
export function ActionsBar(props: ActionsBarProps) {
    const { t } = useText();
    const { money, power, more } = useActionNames(props);
    // With the account as it was when asked: after closing it the room has none, and the proof must stay.
    const [open, setOpen] = useState<{ name: ActionName; account: Account | undefined } | null>(null);
    const ask = (name: ActionName) => setOpen({ name, account: props.account });
    const word = (name: ActionName) =>
        name === 'keep_power' ? t(props.account?.keepPower ? 'action.keep_power_off' : 'action.keep_power_on') : t(`action.${name}` as TextKey);
    return (
        <>
            {money.map((name) => <Button key={name} type="primary" onClick={() => ask(name)}>{word(name)}</Button>)}
            {power.map((name) => <Button key={name} danger={name === 'trip'} onClick={() => ask(name)}>{word(name)}</Button>)}
            {more.length > 0 && (
                <Dropdown
                    trigger={['click']}
                    menu={{ items: more.map((name) => ({ key: name, label: word(name), danger: name === 'close_account' })), onClick: ({ key }) => ask(key as ActionName) }}
                >
                    <Button aria-haspopup="menu">{t('action.more')} <DownOutlined /></Button>
                </Dropdown>
            )}
            {open && <Dialog {...props} {...open} onClose={() => setOpen(null)} />}
        </>
    );
}
