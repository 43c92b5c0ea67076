/** The blocks of shell in a document, in order, without the indentation of the list they stand in. */
export function shellBlocks(markdown: string): string[] {
    return [...markdown.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].map(([, indent, text]) => text!.replace(new RegExp(`^${indent}`, 'gm'), ''));
}

/** True for what needs a program that the promised machine has not. */
export function needsGrpcurl(block: string): boolean {
    return /^\s*grpcurl\b/m.test(block);
}
