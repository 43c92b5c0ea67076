import type { WallState } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { lookOf } from './states';

/** The shapes of the states, once a page; tiles refer to them with <use>. */
export function GlyphSprite() {
    return (
        <svg width="0" height="0" className="sprite" aria-hidden="true">
            <symbol id="g-disputed" viewBox="0 0 16 16">
                <path d="M9.5 1 4 9h3.5L6.5 15 12 7H8.5z" fill="currentColor" />
                <path d="M2 2l12 12" stroke="currentColor" strokeWidth="2" />
            </symbol>
            <symbol id="g-bolt" viewBox="0 0 16 16">
                <path d="M9.5 1 3.5 9H7l-1 6 6.5-8.5H9z" fill="currentColor" />
            </symbol>
            <symbol id="g-cut" viewBox="0 0 16 16">
                <path d="M1 11h4l7-6.5M11 11h4" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
                <circle cx="5" cy="11" r="1.8" fill="currentColor" />
                <circle cx="11.4" cy="11" r="1.8" fill="currentColor" />
            </symbol>
            <symbol id="g-tripped" viewBox="0 0 16 16">
                <path d="M1 11h4l7-6.5M11 11h4M11 8.6v4.8" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
                <rect x="3.2" y="9.2" width="3.6" height="3.6" fill="currentColor" />
            </symbol>
            <symbol id="g-arrears" viewBox="0 0 16 16">
                <path d="M8 2.2 14.6 13.8H1.4z" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinejoin="round" />
                <path d="M8 6.4v3.4M8 11.2v1" stroke="currentColor" strokeWidth="1.6" />
            </symbol>
            <symbol id="g-lost" viewBox="0 0 16 16">
                <path d="M6.5 4.5H4.5a3.5 3.5 0 0 0 0 7h2M9.5 4.5h2a3.5 3.5 0 0 1 0 7h-2M8 2v2.5M8 11.5V14" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
            </symbol>
            <symbol id="g-low1" viewBox="0 0 16 16">
                <rect x="2" y="5" width="12" height="6" rx="1" fill="none" stroke="currentColor" strokeWidth="1.4" />
                <rect x="3.4" y="6.4" width="6.6" height="3.2" fill="currentColor" />
            </symbol>
            <symbol id="g-low2" viewBox="0 0 16 16">
                <rect x="2" y="5" width="12" height="6" rx="1" fill="none" stroke="currentColor" strokeWidth="1.4" />
                <rect x="3.4" y="6.4" width="4" height="3.2" fill="currentColor" />
            </symbol>
            <symbol id="g-low3" viewBox="0 0 16 16">
                <rect x="2" y="5" width="12" height="6" rx="1" fill="none" stroke="currentColor" strokeWidth="1.6" />
                <rect x="3.4" y="6.4" width="1.8" height="3.2" fill="currentColor" />
            </symbol>
            <symbol id="g-vacant" viewBox="0 0 16 16">
                <rect x="3" y="3" width="10" height="10" rx="2" fill="none" stroke="currentColor" strokeWidth="1.4" strokeDasharray="2.4 1.8" />
            </symbol>
            <symbol id="g-normal" viewBox="0 0 16 16">
                <circle cx="8" cy="8" r="4" fill="currentColor" />
            </symbol>
            <symbol id="g-shield" viewBox="0 0 16 16">
                <path d="M8 1.2 13.6 3v4.6c0 3.4-2.3 5.8-5.6 7.2C4.7 13.4 2.4 11 2.4 7.6V3z" fill="currentColor" />
            </symbol>
        </svg>
    );
}

export function Glyph({ name }: { name: string }) {
    return (
        <svg className="glyph" aria-hidden="true">
            <use href={`#g-${name}`} />
        </svg>
    );
}

/** Shape, colour and word of a state, in a line of text. */
export function StateTag({ state, keepPower }: { state: WallState; keepPower?: boolean }) {
    const { t } = useText();
    const look = lookOf(state);
    return (
        <span className={`state-tag tone-${look.tone}`}>
            <Glyph name={look.glyph} />
            {t(look.word)}
            {keepPower && (
                <span className="tag-shield" title={t('state.keep_power')}>
                    <Glyph name="shield" />
                    {t('state.keep_power')}
                </span>
            )}
        </span>
    );
}
