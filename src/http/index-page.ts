/** What `/` shows: where to look. */
export const INDEX_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>rekeyd</title>
<h1>rekeyd</h1>
<p>It rotates object-storage keys.</p>
<ul>
<li><a href="/api/v1/applications">/api/v1/applications</a>: how every application stands (JSON); one of them: /api/v1/applications/NAME
<li>POST /api/v1/applications/NAME/rotate, with the token of http.token as bearer: rotates it now
<li><a href="/metrics">/metrics</a>: numbers for Prometheus
<li><a href="/healthz">/healthz</a>: whether the process lives
<li><a href="/readyz">/readyz</a>: whether it has logged in and looked at everything once, and what is missing otherwise
</ul>
</html>
`;
