import { formatClock } from '../core/time';
import type { StreamState } from '../core/watch';
import { useText } from '../i18n/console_text';
import { useZone } from './surroundings';

/** Says whether what is on the page is live, and since when it is not. */
export function StreamNote({ stream, lastMs }: { stream: StreamState; lastMs: number }) {
    const { t } = useText();
    const zone = useZone();
    const time = lastMs ? formatClock(lastMs, zone) : '–';
    return (
        <span className={`stream stream-${stream}`} role="status">
            <span className="stream-dot" aria-hidden="true" />
            {stream === 'live' ? t('stream.live') : stream === 'connecting' ? t('stream.connecting') : t('stream.lost', { time })}
        </span>
    );
}
