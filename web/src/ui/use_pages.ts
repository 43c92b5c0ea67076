import { useInfiniteQuery } from '@tanstack/react-query';

interface Page {
    nextPageToken: string;
}

/** Rows of a paged list, fetched page by page as more are asked for. */
export function usePages<P extends Page, Row>(
    key: readonly unknown[],
    fetchPage: (pageToken: string) => Promise<P>,
    rowsOf: (page: P) => Row[],
    enabled = true,
) {
    const query = useInfiniteQuery({
        queryKey: key,
        enabled,
        queryFn: ({ pageParam }) => fetchPage(pageParam),
        initialPageParam: '',
        getNextPageParam: (last: P) => last.nextPageToken || undefined,
    });
    return { ...query, rows: query.data?.pages.flatMap(rowsOf) ?? [], pages: query.data?.pages ?? [] };
}
