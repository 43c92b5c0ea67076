import { TenantLinkOrigin, TenantLinkState, type TenantLink } from '../gen/prepay/console/v1/console_pb';
import type { TextKey } from '../i18n/console_text';

const words: Record<TenantLinkState, TextKey> = {
    [TenantLinkState.UNSPECIFIED]: 'link.state.unspecified',
    [TenantLinkState.ACTIVE]: 'link.state.active',
    [TenantLinkState.REVOKED]: 'link.state.revoked',
    [TenantLinkState.EXPIRED]: 'link.state.expired',
    [TenantLinkState.ENDED]: 'link.state.ended',
};

export const linkWord = (state: TenantLinkState): TextKey => words[state] ?? 'link.state.unspecified';

/** The address to hand out; none for a link that lets nobody in any more. */
export function linkUrl(link: Pick<TenantLink, 'state' | 'path'>, origin: string): string | undefined {
    return link.state === TenantLinkState.ACTIVE && link.path ? new URL(link.path, origin).href : undefined;
}

/** Who gave the link out, in words: an alarm's mail, or a person. */
export function linkGiver(link: Pick<TenantLink, 'origin' | 'creator'>, alarmMail: string): string {
    return link.origin === TenantLinkOrigin.ALARM_MAIL ? alarmMail : linkPerson(link.creator);
}

/** "user:li" is Li; whatever else made it is shown as it is. */
export const linkPerson = (subject: string): string => subject.replace(/^user:/, '');
