// Calls to the park simulator's control service (tests/simulator/proto): the truth inside the meters.
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const protoFolder = fileURLToPath(new URL('../../tests/simulator/proto', import.meta.url));
const protoOptions = { includeDirs: [protoFolder], keepCase: true, longs: Number };
const { SimulatorService } = grpc.loadPackageDefinition(
    loadSync('prepay/simulator/v1/simulator.proto', protoOptions)).prepay.simulator.v1;

export class Simulator {
    #service;
    #connected = false;

    /** The simulator may come up up to 10 s later. */
    constructor(address) {
        this.#service = new SimulatorService(address, grpc.credentials.createInsecure());
    }

    /** call('SetMeter', {…}): the answer; field names as in the proto. */
    call(method, request) {
        const options = { deadline: Date.now() + 10_000, waitForReady: !this.#connected };
        return new Promise((resolve, reject) => {
            this.#service[method](request, options, (error, answer) => {
                this.#connected ||= !error;
                return error ? reject(error) : resolve(answer);
            });
        });
    }

    close() {
        this.#service.close();
    }
}
