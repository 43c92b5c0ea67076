import type { Failure } from '../core/errors';
import { useText } from '../i18n/console_text';

/** Words for a failure: the catalogue's text of its reason, else what the service said. */
export function useFailureText(): (failure: Failure) => string {
    const { lookUp, t } = useText();
    return (failure) =>
        lookUp(`reason.${failure.reason}`, failure.metadata) ?? (failure.message || t('reason.unknown', { reason: failure.reason }));
}
