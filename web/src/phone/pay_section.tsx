import { useState } from 'react';
import { formatYuan, formatYuanFloor, parseYuan, yuan } from '../core/money';
import type { Payment, PaymentFlow } from './payment';
import { Sheet } from './sheet';
import { useText } from './text';

const choices = [50n, 100n, 200n].map((amount) => amount * yuan);
const minMicros = 1n * yuan;
const maxMicros = 5_000n * yuan;

interface PaySectionProps {
    flow: PaymentFlow;
    payment: Payment;
    ready: boolean;
}

function AmountChoice({ onPay, ready, creating }: { onPay: (micros: bigint) => void; ready: boolean; creating: boolean }) {
    const { t } = useText();
    const [chosen, setChosen] = useState<bigint | null>(choices[1]!);
    const [text, setText] = useState('');
    const typed = parseYuan(text);
    const busy = !ready || creating;
    const wrong = text !== '' && (typed === null || typed < minMicros || typed > maxMicros);
    const micros = text !== '' ? (wrong ? null : typed) : chosen;
    return (
        <form
            onSubmit={(event) => {
                event.preventDefault();
                if (micros !== null && !busy) onPay(micros);
            }}
        >
            <div className="choices" role="group" aria-label={t('pay.amount')}>
                {choices.map((amount) => (
                    <button key={String(amount)} type="button" aria-pressed={text === '' && chosen === amount} onClick={() => { setChosen(amount); setText(''); }}>
                        {formatYuan(amount).replace('.00', '')}
                    </button>
                ))}
                <input
                    inputMode="decimal"
                    autoComplete="off"
                    aria-label={t('pay.other')}
                    aria-invalid={wrong}
                    placeholder={t('pay.other')}
                    value={text}
                    onChange={(event) => setText(event.target.value)}
                />
            </div>
            {wrong && <p className="wrong" role="alert">{t('pay.range')}</p>}
            <button className="pay" type="submit" disabled={micros === null || busy}>
                {creating ? t('pay.creating') : micros === null ? t('pay.button') : t('pay.button_amount', { amount: formatYuan(micros) })}
            </button>
        </form>
    );
}

function Progress({ payment, flow }: { payment: Payment; flow: PaymentFlow }) {
    const { t, lookUp } = useText();
    const again = <button type="button" onClick={() => flow.dismiss()}>{t('pay.back')}</button>;
    switch (payment.kind) {
        case 'create-failed':
            return (
                <div className="state bad" role="alert">
                    <b>{lookUp(`reason.${payment.failure.reason}`) ?? t('pay.create_failed')}</b>
                    <p>{payment.failure.inDoubt ? t('pay.create_in_doubt') : payment.failure.message}</p>
                </div>
            );
        case 'no-wechat':
            return <div className="state bad" role="alert"><b>{t('pay.no_wechat')}</b>{again}</div>;
        case 'checking':
            return (
                <div className="state wait" role="status">
                    <b>{t(payment.unsure ? 'pay.unsure' : 'pay.checking', { amount: formatYuan(payment.order.amountMicros) })}</b>
                    <p>{t(payment.unsure ? 'pay.unsure.hint' : payment.slow ? 'pay.slow' : 'pay.checking.hint')}</p>
                    {payment.slow && again}
                </div>
            );
        case 'credited':
            return (
                <div className="state good" role="status">
                    <b>{t('pay.credited', { amount: formatYuan(payment.order.amountMicros) })}</b>
                    <p>{t('pay.balance_after', { balance: formatYuanFloor(payment.order.balanceAfterMicros) })}</p>
                    {again}
                </div>
            );
        case 'ended':
            return (
                <div className="state bad" role="alert">
                    <b>{t('pay.not_arrived')}</b>
                    <p>{lookUp(`reason.${payment.order.failureReason}`) ?? t('pay.not_arrived.hint', { order: payment.order.orderId })}</p>
                    {again}
                </div>
            );
        default:
            return null;
    }
}

/** Two taps: the amount is chosen already, "pay", and WeChat's own button. */
export function PaySection({ flow, payment, ready }: PaySectionProps) {
    const { t } = useText();
    const choosing = ['none', 'creating', 'create-failed', 'sheet'].includes(payment.kind);
    return (
        <section className="pay-section" aria-label={t('pay')}>
            <Progress payment={payment} flow={flow} />
            {choosing && <AmountChoice ready={ready} creating={payment.kind === 'creating'} onPay={(micros) => void flow.pay(micros)} />}
            {payment.kind === 'sheet' && <Sheet payment={payment} flow={flow} />}
        </section>
    );
}
