/** An application that an agent runs: says which key it was started with, and ends when it is told to. */
process.stdout.write(`started with ${process.env.AWS_ACCESS_KEY_ID} for ${process.env.AWS_ENDPOINT_URL_S3}\n`);
const alive = setInterval(() => {}, 60_000);
process.on('SIGTERM', () => clearInterval(alive));
