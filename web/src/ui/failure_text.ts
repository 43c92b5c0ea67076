import type { Failure } from '../core/errors';
import { useText } from '../i18n/console_text';

/**
 * Words for a failure: the catalogue's text of its reason, else what the service said. A text may
 * name what the service gave with the reason, and its whole sentence as {message}.
 */
export function useFailureText(): (failure: Failure) => string {
    const { lookUp, t } = useText();
    return (failure) =>
        lookUp(`reason.${failure.reason}`, { ...failure.metadata, message: failure.message }) ??
        (failure.message || t('reason.unknown', { reason: failure.reason }));
}
