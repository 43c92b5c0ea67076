import { Alert, Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { toFailure } from '../core/errors';
import { useText } from '../i18n/console_text';
import { useFailureText } from './failure_text';

/** The skeleton of a list or form while it loads. */
export function SkeletonBlock({ rows }: { rows: number }) {
    return (
        <div className="skeleton" aria-busy="true">
            <Skeleton active title={false} paragraph={{ rows }} />
        </div>
    );
}

/** Why there is nothing, and what to do next. */
export function EmptyState({ title, hint, action }: { title: string; hint?: string; action?: ReactNode }) {
    return (
        <div className="empty">
            <svg width="40" height="28" viewBox="0 0 40 28" aria-hidden="true">
                <rect x="1" y="1" width="38" height="26" rx="4" fill="none" stroke="currentColor" strokeDasharray="3 3" />
                <path d="M12 14h16" stroke="currentColor" strokeWidth="2" />
            </svg>
            <strong>{title}</strong>
            {hint && <span>{hint}</span>}
            {action}
        </div>
    );
}

/** What went wrong, in words, with a way to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
    const { t } = useText();
    const failureText = useFailureText();
    return (
        <Alert
            type="error"
            showIcon
            title={failureText(toFailure(error))}
            action={retry && <Button size="small" onClick={retry}>{t('common.retry')}</Button>}
        />
    );
}

/** Says that a list is not complete. */
export function Partial({ text }: { text: string }) {
    return <Alert type="warning" showIcon title={text} banner className="gap-below" />;
}

export function Panel({ title, extra, children, className }: { title?: ReactNode; extra?: ReactNode; children: ReactNode; className?: string }) {
    return (
        <section className={'panel ' + (className ?? '')}>
            {(title || extra) && (
                <header>
                    <h2>{title}</h2>
                    {extra}
                </header>
            )}
            {children}
        </section>
    );
}

export function PageHead({ title, sub, actions }: { title: ReactNode; sub?: ReactNode; actions?: ReactNode }) {
    return (
        <div className="page-head">
            <div>
                <h1>{title}</h1>
                {sub && <div className="page-sub">{sub}</div>}
            </div>
            {actions && <div className="page-actions">{actions}</div>}
        </div>
    );
}
