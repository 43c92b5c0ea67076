import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use, type ComposeOption, type EChartsType } from 'echarts/core';
import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts';
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useDark } from './surroundings';

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

export type ChartOption = ComposeOption<
    BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>;

/** A chart that follows its box and the theme. `label` says in words what it shows. */
export function Chart({ option, height, label }: { option: ChartOption; height: number; label: string }) {
    const dark = useDark();
    const box = useRef<HTMLDivElement>(null);
    const chart = useRef<EChartsType | null>(null);
    useEffect(() => {
        const made = init(box.current, dark ? 'dark' : undefined, { renderer: 'svg' });
        const observer = new ResizeObserver(() => made.resize());
        observer.observe(box.current!);
        chart.current = made;
        return () => {
            observer.disconnect();
            made.dispose();
        };
    }, [dark]);
    useEffect(() => {
        chart.current?.setOption({ backgroundColor: 'transparent', animation: false, ...option });
    }, [option, dark]);
    return <div ref={box} role="img" aria-label={label} style={{ height }} />;
}
