import { createContext, useContext, useMemo, type ReactNode } from 'react';

export type Locale = 'zh' | 'en';
export type Values = Readonly<Record<string, string | number>>;
/** The same keys in both languages. */
export type Texts<Key extends string = string> = Readonly<Record<Locale, Readonly<Record<Key, string>>>>;
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

function readText<Key extends string>(locale: Locale, catalogue: Readonly<Record<string, string>>): Text<Key> {
    return {
        locale,
        t: (key, values) => fill(catalogue[key] ?? key, values),
        lookUp: (key, values) => {
            const found = catalogue[key];
            return found === undefined ? undefined : fill(found, values);
        },
    };
}

/** Provider and hook for the texts of one entry page. */
export function createText<Key extends string>() {
    const Context = createContext<Text<Key> | null>(null);
    function TextProvider({ texts, locale, children }: { texts: Texts; locale: Locale; children: ReactNode }) {
        const text = useMemo(() => readText<Key>(locale, texts[locale]), [locale, texts]);
        return <Context.Provider value={text}>{children}</Context.Provider>;
    }
    function useText(): Text<Key> {
        const text = useContext(Context);
        if (!text) throw new Error('useText outside TextProvider');
        return text;
    }
    return { TextProvider, useText };
}
