import type { Failure } from '../core/errors';
import { useText } from '../i18n/console_text';

/** Who keeps the power of a room that was to be cut, and why, as far as the service told. */
export function keptBy({ metadata }: Failure): { user: string; reason: string } | null {
    const user = metadata.keep_user ?? '';
    const reason = metadata.keep_reason?.trim() ?? '';
    return user || reason ? { user: user || '–', reason: reason || '–' } : null;
}

/**
 * Words for a failure: the catalogue's text of its reason, else what the service said. A text may
 * name what the service gave with the reason, and its whole sentence as {message}.
 */
export function useFailureText(): (failure: Failure) => string {
    const { lookUp, t } = useText();
    return (failure) => {
        const text =
            lookUp(`reason.${failure.reason}`, { ...failure.metadata, message: failure.message }) ??
            (failure.message || t('reason.unknown', { reason: failure.reason }));
        const kept = keptBy(failure);
        return kept ? `${text} ${t('failure.kept_by', kept)}` : text;
    };
}
