import { useId, type KeyboardEvent, type ReactNode } from 'react';

export interface Tab {
    key: string;
    label: string;
    children: ReactNode;
}

interface TabsProps {
    label: string;
    tabs: readonly Tab[];
    active: string;
    onChange: (key: string) => void;
}

const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** Tabs that scroll sideways where they do not fit; arrows move between them. */
export function Tabs({ label, tabs, active, onChange }: TabsProps) {
    const id = useId();
    const current = Math.max(0, tabs.findIndex((tab) => tab.key === active));
    const onKey = (event: KeyboardEvent<HTMLDivElement>) => {
        const step = steps[event.key];
        if (step === undefined) return;
        const next = (current + step + tabs.length) % tabs.length;
        onChange(tabs[next]!.key);
        (event.currentTarget.children[next] as HTMLElement).focus();
    };
    return (
        <>
            <div role="tablist" aria-label={label} className="tabs" onKeyDown={onKey}>
                {tabs.map((tab, index) => (
                    <button
                        key={tab.key}
                        type="button"
                        role="tab"
                        id={`${id}-${tab.key}`}
                        aria-selected={index === current}
                        aria-controls={`${id}-panel`}
                        tabIndex={index === current ? 0 : -1}
                        onClick={() => onChange(tab.key)}
                    >
                        {tab.label}
                    </button>
                ))}
            </div>
            <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tabs[current]?.key}`}>
                {tabs[current]?.children}
            </div>
        </>
    );
}
