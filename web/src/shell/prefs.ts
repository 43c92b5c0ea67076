import { useSyncExternalStore } from 'react';
import { firstLocale, storeLocale, type Locale } from '../i18n/text';

interface Prefs {
    locale: Locale;
    dark: boolean;
}

const darkKey = 'openprepay.dark';

function firstDark(): boolean {
    const stored = localStorage.getItem(darkKey);
    return stored === null ? matchMedia('(prefers-color-scheme: dark)').matches : stored === '1';
}

let prefs: Prefs = { locale: firstLocale(), dark: firstDark() };
const listeners = new Set<() => void>();

/** Language and brightness of this browser. */
export function setPrefs(change: Partial<Prefs>): void {
    prefs = { ...prefs, ...change };
    storeLocale(prefs.locale);
    localStorage.setItem(darkKey, prefs.dark ? '1' : '0');
    for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

export function usePrefs(): Prefs {
    return useSyncExternalStore(subscribe, () => prefs);
}
