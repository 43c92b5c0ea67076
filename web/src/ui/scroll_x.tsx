import type { ReactNode } from 'react';

/** Content that may be wider than the page; it scrolls sideways, by keyboard too. */
export function ScrollX({ label, children }: { label: string; children: ReactNode }) {
    return (
        <div className="scroll-x" tabIndex={0} role="region" aria-label={label}>
            {children}
        </div>
    );
}
