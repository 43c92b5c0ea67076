import { Alert, Button, Input, type InputRef } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { Field } from '../actions/field';
import { isLocked, useAction } from '../actions/use_action';
import { formatYuan, formatYuanFloor, movementMax, parseYuan } from '../core/money';
import type { Account, Order } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { accounts } from '../session/clients';
import { useFailureText } from '../ui/failure_text';

interface TakeMoneyProps {
    account: Account;
    rooms: string;
    onPaid: (order: Order) => void;
    onBack: () => void;
}

const quickAmounts = ['50', '100', '200', '500'];

/** Amount, Enter, and once more Enter on the sentence that says what will happen. */
export function TakeMoney({ account, rooms, onPaid, onBack }: TakeMoneyProps) {
    const { t } = useText();
    const failureText = useFailureText();
    const input = useRef<InputRef>(null);
    const [text, setText] = useState('');
    const [asked, setAsked] = useState(false);
    const micros = parseYuan(text);
    const tooMuch = micros !== null && micros > movementMax;
    const good = micros !== null && micros > 0n && !tooMuch;
    const { phase, start } = useAction(
        (requestId) => accounts.topUp({ requestId, accountId: account.accountId, amountMicros: micros ?? 0n }),
        `${account.accountId} ${text}`,
    );
    const order = phase.kind === 'done' ? phase.result.order : undefined;
    useEffect(() => {
        if (order) onPaid(order);
    }, [order, onPaid]);
    const locked = isLocked(phase);
    const submit = () => {
        if (!good || phase.kind === 'running') return;
        if (asked) void start();
        else setAsked(true);
    };
    const change = (value: string) => {
        setText(value);
        setAsked(false);
    };
    return (
        <form className="cash-form" onSubmit={(e) => { e.preventDefault(); submit(); }} onKeyDown={(e) => e.key === 'Escape' && !locked && onBack()}>
            <div className="cash-who">
                <b>{rooms}</b> {account.customer?.displayName} <span className="faint">{account.customer?.phone}</span>
                <span className={account.balanceMicros < 0n ? 'num negative' : 'num'}>{formatYuanFloor(account.balanceMicros)}</span>
            </div>
            <Field label={t('money.amount')} error={tooMuch ? t('money.too_much', { max: formatYuan(movementMax) }) : text !== '' && !good ? t('money.wrong') : undefined}>
                {(id) => (
                    <Input ref={input} id={id} size="large" className="cash-amount" prefix="¥" inputMode="decimal" autoComplete="off" autoFocus value={text} disabled={locked} onChange={(e) => change(e.target.value)} />
                )}
            </Field>
            <div className="quick">
                {quickAmounts.map((amount) => (
                    <Button key={amount} disabled={locked} onClick={() => { change(amount); input.current?.focus(); }}>¥{amount}</Button>
                ))}
            </div>
            {asked && good && (
                <div className="consequence" role="status">
                    {t('action.top_up.consequence', { amount: formatYuan(micros), before: formatYuanFloor(account.balanceMicros), after: formatYuanFloor(account.balanceMicros + micros) })}
                </div>
            )}
            {phase.kind === 'failed' && (
                <Alert type={phase.failure.inDoubt ? 'warning' : 'error'} showIcon title={failureText(phase.failure)} description={phase.failure.inDoubt ? t('action.in_doubt') : undefined} />
            )}
            <div className="receipt-actions">
                <Button onClick={onBack} disabled={phase.kind === 'running'}>{t('cash.back')}</Button>
                <Button type="primary" htmlType="submit" disabled={!good} loading={phase.kind === 'running'}>
                    {t(phase.kind === 'failed' ? 'common.retry' : asked ? 'cash.confirm' : 'action.top_up')}
                </Button>
            </div>
        </form>
    );
}
