import { createContext, useContext, type ReactNode } from 'react';

export type Locale = 'zh' | 'en';
export type Values = Readonly<Record<string, string | number>>;
export type Translate<Key extends string> = (key: Key, values?: Values) => string;

const storageKey = 'openprepay.locale';

/** Replaces each {name} of the template by its value; a name without a value stays. */
export function fill(template: string, values: Values = {}): string {
    return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function firstLocale(): Locale {
    const stored = localStorage.getItem(storageKey);
    if (stored === 'zh' || stored === 'en') return stored;
    return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function storeLocale(locale: Locale): void {
    localStorage.setItem(storageKey, locale);
}

export interface Text<Key extends string> {
    locale: Locale;
    t: Translate<Key>;
    /** Text of a key that is put together at run time, or undefined if the catalogue has none. */
    lookUp: (key: string, values?: Values) => string | undefined;
}

/** Provider and hook for the two catalogues of one entry page. */
export function createText<Key extends string>(catalogues: Record<Locale, Record<Key, string>>) {
    const make = (locale: Locale): Text<Key> => {
        const catalogue: Record<string, string> = catalogues[locale];
        return {
            locale,
            t: (key, values) => fill(catalogue[key] ?? key, values),
            lookUp: (key, values) => {
                const found = catalogue[key];
                return found === undefined ? undefined : fill(found, values);
            },
        };
    };
    const texts: Record<Locale, Text<Key>> = { zh: make('zh'), en: make('en') };
    const Context = createContext<Text<Key>>(texts.en);
    function TextProvider({ locale, children }: { locale: Locale; children: ReactNode }) {
        return <Context.Provider value={texts[locale]}>{children}</Context.Provider>;
    }
    return { TextProvider, useText: () => useContext(Context) };
}
