import { Link } from 'react-router-dom';
import { formatCurrent, formatPower, formatPowerFactor, formatVoltage } from '../core/energy';
import { formatQuantity } from '../core/quantity';
import { Resource } from '../gen/prepay/common/v1/common_pb';
import { RelayState, type Meter, type MeterValues, type WatchMetersResponse } from '../gen/prepay/metering/v1/metering_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { Ago } from '../ui/figures';
import { Glyph } from '../ui/glyphs';
import { MeterDiagnosis } from './meter_diagnosis';

const rateWords: readonly TextKey[] = ['rate.sharp', 'rate.peak', 'rate.flat', 'rate.valley', 'rate.deep_valley'];

function Gauge({ label, values, unit }: { label: string; values: readonly string[]; unit: string }) {
    return (
        <div className="gauge">
            <dt>{label}</dt>
            <dd>
                {values.length === 0 ? <span className="faint">–</span> : values.map((value, i) => <span key={i} className="num">{value}</span>)}
                <small>{unit}</small>
            </dd>
        </div>
    );
}

/** The relay, or the valve of a water meter: what is "closed" for the one is open for the other. */
function Relay({ relay, resource }: { relay: RelayState; resource: Resource }) {
    const { lookUp } = useText();
    const word = RelayState[relay]?.toLowerCase() ?? 'unspecified';
    return (
        <span className={`relay relay-${word}`}>
            <Glyph name={relay === RelayState.OPEN ? 'cut' : relay === RelayState.CLOSED ? 'normal' : 'vacant'} />
            {lookUp(resource === Resource.WATER ? `valve.${word}` : `relay.${word}`)}
        </span>
    );
}

function Registers({ values, resource }: { values: MeterValues; resource: Resource }) {
    const { t } = useText();
    return (
        <dl className="registers">
            <div><dt>{t('meter.register_total')}</dt><dd className="num strong">{formatQuantity(values.registerTotal, resource)}</dd></div>
            {values.rateRegisterTotal.map((total, i) => (
                <div key={i}><dt>{t(rateWords[i]!)}</dt><dd className="num">{formatQuantity(total, resource)}</dd></div>
            ))}
        </dl>
    );
}

/** One meter of the room as it is now. */
export function LiveMeter({ meter, live }: { meter: Meter; live: WatchMetersResponse | undefined }) {
    const { t, lookUp } = useText();
    const values = live?.values ?? meter.latest;
    const online = live?.online ?? meter.online;
    return (
        <div className="live-meter">
            <div className="live-head">
                <strong className="mono">{meter.meterId}</strong>
                <span className="faint">{meter.driverPack} · {meter.lineId} · {t('meter.unit', { unit: meter.unitId })}</span>
                <span className={online ? 'online' : 'offline'}><Glyph name={online ? 'normal' : 'lost'} />{t(online ? 'meter.online' : 'meter.lost')}</span>
                <Relay relay={values?.relay ?? RelayState.UNSPECIFIED} resource={meter.resource} />
                <Ago time={values?.readTime} />
                <MeterDiagnosis meterId={meter.meterId} />
            </div>
            {values?.registerFault && (
                <p className="field-error" role="status">
                    <Link to={`/anomalies?meter=${encodeURIComponent(meter.meterId)}&state=0`}>
                        {t('anomaly.not_taken', { reason: lookUp(`reason.${values.registerFault}`) ?? values.registerFault })}
                    </Link>
                </p>
            )}
            {values ? (
                <>
                    {meter.resource !== Resource.WATER && (
                        <dl className="gauges">
                            <Gauge label={t('meter.voltage')} values={values.voltageMv.map(formatVoltage)} unit="V" />
                            <Gauge label={t('meter.current')} values={values.currentMa.map(formatCurrent)} unit="A" />
                            <Gauge label={t('meter.power')} values={[formatPower(values.powerW)]} unit="kW" />
                            <Gauge label={t('meter.power_factor')} values={[formatPowerFactor(values.powerFactorPpm)]} unit="" />
                        </dl>
                    )}
                    <Registers values={values} resource={meter.resource} />
                </>
            ) : (
                <p className="faint">{t('meter.never_read')}</p>
            )}
        </div>
    );
}
