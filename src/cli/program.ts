/** The name that help and error texts show. */
export const programName = 'gantry';

/** Version of this client; the package's. */
export const clientVersion = '0.1.0';

/** The newest API version the client asks for. 1.52 drops fields (NetworkSettings.IPAddress) that templates still use. */
export const clientApiVersion = '1.51';
