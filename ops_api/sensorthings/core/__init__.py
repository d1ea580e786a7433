"""What a SensorThings request asks, read and turned into SQL text with parameters. Pure.

From a request to its rows, for whoever runs them::

    path = parse_path("/Datastreams(7)/Observations")              # PathError: 404
    options = parse_options(query_pairs("$filter=result gt 5"), path.of)   # FilterError: 400, with its place
    found = to_sql(options.filter, options.orderby, path.of, "o", stream="d", within=path.condition(), now=now)
    plan = choose(options.orderby, found.bounds, fleet, wanted)    # observations only
    answers = {test.name: ... for test in found.geo}               # shapes are somebody else's
    # in a transaction with limits(): check_cost(EXPLAIN ...), then
    # select ... from sta_datastream d cross join lateral (... where ts in bounds) o
    #  where {found.stream_where} and {found.where} order by {found.order} limit n + 1

``schema.columns()`` says what each relation must have; ``Way.on`` joins what ``$expand`` reaches; ``seek.behind`` begins a
further page; ``cost.refusal`` says what a server's error means to whoever asked.
"""
