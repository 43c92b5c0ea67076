import { createRoot } from 'react-dom/client';
import { firstLocale, storeLocale, type Locale } from '../i18n/text';
import { useEffect, useMemo, useState } from 'react';
import { PhonePage } from './page';
import { takeToken, tenantClient } from './tenant';
import { TextProvider, texts, useText } from './text';
import './phone.css';

function NoToken() {
    const { t } = useText();
    return (
        <main className="notice">
            <h1>{t('link.missing')}</h1>
            <p>{t('link.missing.hint')}</p>
        </main>
    );
}

function Root({ token }: { token: string }) {
    const [locale, setLocale] = useState<Locale>(firstLocale);
    const client = useMemo(() => tenantClient(token), [token]);
    useEffect(() => {
        document.documentElement.lang = locale;
    }, [locale]);
    const switchLocale = () => {
        const next = locale === 'zh' ? 'en' : 'zh';
        storeLocale(next);
        setLocale(next);
    };
    return (
        <TextProvider texts={texts} locale={locale}>
            {token ? <PhonePage client={client} onLanguage={switchLocale} /> : <NoToken />}
        </TextProvider>
    );
}

createRoot(document.getElementById('root')!).render(<Root token={takeToken()} />);
