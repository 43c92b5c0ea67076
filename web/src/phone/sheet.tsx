import { useEffect, useRef } from 'react';
import { formatYuan } from '../core/money';
import type { Payment, PaymentFlow } from './payment';
import { useText } from './text';

/** Stands in for WeChat's payment sheet outside WeChat, where a simulated provider is configured. */
export function Sheet({ payment, flow }: { payment: Extract<Payment, { kind: 'sheet' }>; flow: PaymentFlow }) {
    const { t } = useText();
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => dialog.current?.showModal(), []);
    return (
        <dialog ref={dialog} className="sheet" aria-labelledby="sheet-title" onCancel={() => flow.dismiss()}>
            <p className="sheet-mark">{t('sheet.simulated')}</p>
            <h2 id="sheet-title">{t('sheet.title')}</h2>
            <p className="amount">{formatYuan(payment.order.amountMicros)}</p>
            <p className="order">{payment.order.orderId}</p>
            <button className="pay" type="button" autoFocus onClick={() => void flow.confirmSheet()}>{t('sheet.pay')}</button>
            <button className="plain" type="button" onClick={() => flow.dismiss()}>{t('sheet.cancel')}</button>
        </dialog>
    );
}
