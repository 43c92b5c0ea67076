import { useId, type ReactNode } from 'react';

/** A labelled field with its hint or error below it. */
export function Field({ label, error, hint, children }: { label: string; error?: string; hint?: ReactNode; children: (id: string) => ReactNode }) {
    const id = useId();
    return (
        <div className="field">
            <label htmlFor={id}>{label}</label>
            {children(id)}
            {error ? <small className="field-error" role="alert">{error}</small> : hint && <small className="faint">{hint}</small>}
        </div>
    );
}
