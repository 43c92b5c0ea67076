import { Button } from 'antd';
import { RestoreAfterCredit } from '../actions/after_money';
import { formatYuan, formatYuanFloor } from '../core/money';
import type { Account, Order } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { When } from '../ui/figures';

interface ReceiptProps {
    order: Order;
    before: Account;
    rooms: string;
    siteName: string;
    onNext: () => void;
}

/** What was paid, for the screen and the printer; Enter goes on to the next customer. */
export function Receipt({ order, before, rooms, siteName, onNext }: ReceiptProps) {
    const { t } = useText();
    return (
        <div className="receipt-box">
            <section className="receipt" aria-label={t('receipt.title')}>
                <h2>{t('receipt.title')}</h2>
                <p>{siteName}</p>
                <div className="receipt-amount num">{formatYuan(order.amountMicros)}</div>
                <dl className="facts">
                    <dt>{t('receipt.room')}</dt><dd>{rooms}</dd>
                    <dt>{t('customer.name')}</dt><dd>{before.customer?.displayName}</dd>
                    <dt>{t('receipt.before')}</dt><dd className="num">{formatYuanFloor(order.balanceAfterMicros - order.amountMicros)}</dd>
                    <dt>{t('receipt.after')}</dt><dd className="num strong">{formatYuanFloor(order.balanceAfterMicros)}</dd>
                    <dt>{t('receipt.time')}</dt><dd><When time={order.finishTime ?? order.createTime} /></dd>
                    <dt>{t('receipt.cashier')}</dt><dd>{order.createUser}</dd>
                    <dt>{t('order.id')}</dt><dd className="mono">{order.orderId}</dd>
                    {order.providerTransactionId && (
                        <>
                            <dt>{t('order.transaction')}</dt><dd className="mono">{order.providerTransactionId}</dd>
                        </>
                    )}
                </dl>
            </section>
            <div className="no-print">
                <RestoreAfterCredit before={before} order={order} />
                <div className="receipt-actions">
                    <Button onClick={() => window.print()}>{t('receipt.print')}</Button>
                    <Button type="primary" autoFocus onClick={onNext}>{t('receipt.next')}</Button>
                </div>
            </div>
        </div>
    );
}
