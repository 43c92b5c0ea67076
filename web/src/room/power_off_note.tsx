import { Alert } from 'antd';
import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { When } from '../ui/figures';
import { powerOffReasons, type PowerOffReason } from './power_off';

function Reason({ reason }: { reason: PowerOffReason }) {
    const { t, lookUp } = useText();
    return (
        <li>
            <strong>{lookUp(`power_off.holder.${reason.holder}`)}</strong>
            {reason.since && <> · {t('power_off.since')} <When time={reason.since} /></>}
            {reason.until && <> · {t('power_off.until')} <When time={reason.until} /></>}
            {reason.initiator && <> · {t('power_off.by', { initiator: reason.initiator })}</>}
            {reason.reason && <> · {lookUp(`fixed_text.${reason.reason}`) ?? reason.reason}</>}
            {reason.overridden && <> · {t('power_off.overridden')}</>}
            <> · {lookUp(`power_off.back.${reason.holder}`)}</>
        </li>
    );
}

/** Why the power of a room is off: everybody who holds it, since when, and what brings it back. */
export function PowerOffNote({ wall }: { wall: WallRoom | undefined }) {
    const { t } = useText();
    const reasons = powerOffReasons(wall);
    if (reasons.length === 0) return null;
    return (
        <Alert
            className="gap-below"
            type="warning"
            showIcon
            title={t('power_off.title')}
            description={<ul className="reasons">{reasons.map((reason) => <Reason key={`${reason.holder}-${reason.since?.seconds}`} reason={reason} />)}</ul>}
        />
    );
}
