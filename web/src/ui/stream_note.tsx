import { formatClock } from '../core/time';
import type { StreamState } from '../core/watch';
import { useText } from '../i18n/console_text';
import { useZone } from './surroundings';

/** Says whether what is on the page is live, and since when it is not. */
export function StreamNote({ stream, last_ms }: { stream: StreamState; last_ms: number }) {
    const { t } = useText();
    const zone = useZone();
    const time = last_ms ? formatClock(last_ms, zone) : '–';
    return (
        <span className={`stream stream-${stream}`} role="status">
            <span className="stream-dot" aria-hidden="true" />
            {stream === 'live' ? t('stream.live') : stream === 'connecting' ? t('stream.connecting') : t('stream.lost', { time })}
        </span>
    );
}
