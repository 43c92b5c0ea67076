// Calls to the console as any client makes them: JSON over the Connect protocol, one POST a method.

/** A caller that is logged in and stays so; a call that failed for a passing reason is repeated. */
export class Client {
    #address;
    #user;
    #token = '';
    #tokenEnd = 0;

    constructor(address, user) {
        this.#address = address;
        this.#user = user;
    }

    /** call('account.v1.AccountService/CreateSite', {…}): the answer, or an error with the reason. */
    async call(method, request) {
        for (let attempt = 1; ; attempt += 1) {
            const { status, answer } = await this.#post(method, request, await this.#bearer());
            if (status === 200) {
                return answer;
            }
            const passing = ['unavailable', 'aborted', 'deadline_exceeded'].includes(answer.code);
            if (!passing || attempt === 10) {
                throw new Error(`${method}: ${answer.code}: ${answer.message ?? status}`);
            }
            await new Promise((resolve) => { setTimeout(resolve, 1000); });
        }
    }

    async #post(method, request, token) {
        const response = await fetch(`http://${this.#address}/prepay.${method}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
            body: JSON.stringify(request),
        });
        return { status: response.status, answer: await response.json().catch(() => ({ code: 'unknown' })) };
    }

    async #bearer() {
        if (Date.now() > this.#tokenEnd) {
            const { status, answer } = await this.#post('console.v1.AuthService/LogIn', this.#user);
            if (status !== 200) {
                throw new Error(`log-in as ${this.#user.userName}: ${answer.message ?? status}`);
            }
            this.#token = answer.accessToken;
            this.#tokenEnd = Date.parse(answer.expireTime) - 60_000;
        }
        return this.#token;
    }
}
