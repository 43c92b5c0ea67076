import { formatCurrent, formatVoltage } from '../core/energy';
import { formatClock, millis } from '../core/time';
import { FrameDirection, type Command, type Frame, type MeterValues, RelayState } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { ScrollX } from '../ui/scroll_x';
import { useZone } from '../ui/surroundings';

function hex(data: Uint8Array): string {
    return Array.from(data, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ');
}

/** "230.1 V · 3.20 A · closed" */
export function useValuesText(): (values: MeterValues | undefined) => string {
    const { t, lookUp } = useText();
    return (values) => {
        if (!values) return t('common.none');
        const volts = values.voltageMv.map((v) => formatVoltage(v)).join(' / ');
        const amps = values.currentMa.map((c) => formatCurrent(c)).join(' / ');
        const relay = lookUp(`relay.${RelayState[values.relay]?.toLowerCase()}`) ?? '';
        return [volts && volts + ' V', amps && amps + ' A', relay].filter(Boolean).join(' · ');
    };
}

function FrameRow({ frame }: { frame: Frame }) {
    const { t } = useText();
    const zone = useZone();
    const sent = frame.direction === FrameDirection.SENT;
    const ms = frame.frameTime ? millis(frame.frameTime) : 0;
    return (
        <tr>
            <td className="num">{formatClock(ms, zone)}.{String(ms % 1000).padStart(3, '0')}</td>
            <td className={sent ? 'frame-sent' : 'frame-received'}>{t(sent ? 'frame.sent' : 'frame.received')}</td>
            <td className="num">{frame.attemptNumber}</td>
            <td className="frame-hex">{hex(frame.data)}</td>
        </tr>
    );
}

/** Frames as they stood on the wire. */
export function FrameTable({ frames }: { frames: readonly Frame[] }) {
    const { t } = useText();
    if (frames.length === 0) return <p className="faint">{t('evidence.no_frames')}</p>;
    return (
        <ScrollX label={t('evidence.frames')}>
            <table className="frames">
                <thead>
                    <tr>
                        <th>{t('evidence.time')}</th><th>{t('evidence.direction')}</th><th>{t('evidence.attempt')}</th><th>{t('evidence.bytes')}</th>
                    </tr>
                </thead>
                <tbody>{frames.map((frame, index) => <FrameRow key={index} frame={frame} />)}</tbody>
            </table>
        </ScrollX>
    );
}

/** The frames of a command as they stood on the wire, and what was read before and after. */
export function Evidence({ command }: { command: Command }) {
    const { t } = useText();
    const valuesText = useValuesText();
    return (
        <div className="evidence">
            <dl className="facts">
                <dt>{t('evidence.before')}</dt><dd>{valuesText(command.before)}</dd>
                <dt>{t('evidence.after')}</dt><dd>{valuesText(command.after)}</dd>
                <dt>{t('evidence.attempts')}</dt><dd className="num">{command.attemptCount}</dd>
                {command.overrideKeepPower && <><dt>{t('state.keep_power')}</dt><dd>{t('item.override')}</dd></>}
                <dt>{t('evidence.command_id')}</dt><dd className="mono">{command.commandId}</dd>
            </dl>
            <FrameTable frames={command.frames} />
        </div>
    );
}
