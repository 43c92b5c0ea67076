import { useQuery } from '@tanstack/react-query';
import { Badge } from 'antd';
import { AnomalyState } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { metering } from '../session/clients';

const againMs = 30_000;

/** How many registers wait for a decision, beside the menu's word; nothing when none does. */
export function AnomalyCount() {
    const { t } = useText();
    const query = useQuery({
        queryKey: ['anomaly-count'],
        queryFn: () => metering.listAnomalies({ pageSize: 1, state: AnomalyState.OPEN }),
        refetchInterval: againMs,
        retry: false,
    });
    const count = Number(query.data?.openCount ?? 0n);
    return count === 0 ? null : <Badge count={count} size="small" offset={[4, -2]} title={t('nav.anomalies.waiting', { count })} />;
}
