# Varnish 7 in front of a cluster of Live Drops. Needs vmod xkey (Debian: varnish-modules).
#
#   varnishd -f /etc/varnish/livedrop.vcl -a :80 -s malloc,256m
#
# As it stands it serves the cluster that `make demo` starts. Name your nodes in the three backends, and in the list
# `shop` the addresses that the nodes' own requests come from: one of them leads, and tells this cache what is not so any
# more. The nodes are told of this cache by
#
#   [cdn]
#   provider = "generic"
#   base_url = "http://cache-1:80 http://cache-2:80"
#
# What is kept, and for how long, is what the nodes say in Cache-Control: a drop for a second, because its counts change
# with each purchase, and for another one while it is asked for anew; products and creators for a minute. So what a
# reader sees of a drop is two seconds old at most, and what is sold out is seen as soon as the purge has arrived.
vcl 4.1;

import directors;
import std;
import xkey;

probe ready {
    .url = "/readyz";
    .interval = 500ms;
    .timeout = 1s;
    .window = 4;
    .threshold = 3;
    .initial = 2;
}

backend node_1 { .host = "127.0.0.1"; .port = "8081"; .probe = ready; .connect_timeout = 500ms; }
backend node_2 { .host = "127.0.0.1"; .port = "8082"; .probe = ready; .connect_timeout = 500ms; }
backend node_3 { .host = "127.0.0.1"; .port = "8083"; .probe = ready; .connect_timeout = 500ms; }

# Who may purge.
acl shop {
    "127.0.0.1";
}

sub vcl_init {
    new nodes = directors.round_robin();
    nodes.add_backend(node_1);
    nodes.add_backend(node_2);
    nodes.add_backend(node_3);
}

sub vcl_recv {
    set req.backend_hint = nodes.backend();

    if (req.method == "PURGE") {
        if (client.ip !~ shop) {
            return (synth(403, "Not allowed"));
        }
        if (req.http.Xkey-Purge-All) {
            if (!std.ban("obj.status != 0")) {
                return (synth(500, std.ban_error()));
            }
            return (synth(200, "Purged everything"));
        }
        if (req.http.Xkey-Purge) {
            set req.http.Purged = xkey.purge(req.http.Xkey-Purge);
            return (synth(200, "Purged " + req.http.Purged));
        }
        if (req.http.Xkey-Softpurge) {
            # What is stale is given once more while it is asked for anew, by its ETag.
            set req.http.Purged = xkey.softpurge(req.http.Xkey-Softpurge);
            return (synth(200, "Invalidated " + req.http.Purged));
        }
        return (synth(400, "No keys"));
    }

    # Streams of events have no end, so they are not for a cache to hold.
    if (req.url ~ "^/v1/(drops/[^/?]+/)?events(\?|$)") {
        return (pipe);
    }

    # Answers that are the same for everybody, whoever asks. Nothing else is kept.
    if ((req.method == "GET" || req.method == "HEAD") && req.url ~ "^/v1/(products|drops|creators)(/[^/?]+)?(\?|$)") {
        unset req.http.Cookie;
        # Whoever wants to see at least what they wrote is not helped by what somebody saw before.
        if (req.http.Livedrop-Min-Index || req.url ~ "[?&]consistency=linearizable(&|$)") {
            return (pass);
        }
        unset req.http.Authorization;
        return (hash);
    }
    return (pass);
}

sub vcl_backend_fetch {
    # A request that was tried elsewhere in vain goes to the next node.
    if (bereq.retries > 0) {
        set bereq.backend = nodes.backend();
    }
}

sub vcl_backend_response {
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    # A node that is on its way out, or has lost its majority, says 503; another one may know more. Only what can be
    # asked twice is.
    if (beresp.status == 503 && (bereq.method == "GET" || bereq.method == "HEAD") && bereq.retries < 3) {
        return (retry);
    }
    # Kept beyond its time, so that it can be asked for by its ETag and need not be sent once more.
    if (beresp.http.ETag) {
        set beresp.keep = 10m;
    }
    # The rest is Varnish's own: `no-store` and `private` are not kept, the time is that of `s-maxage`, and what is
    # stale may be given for as long as `stale-while-revalidate` says.
}

sub vcl_backend_error {
    if ((bereq.method == "GET" || bereq.method == "HEAD") && bereq.retries < 3) {
        return (retry);
    }
}

sub vcl_deliver {
    unset resp.http.xkey;
    if (obj.hits > 0) {
        set resp.http.X-Cache = "hit";
    } else {
        set resp.http.X-Cache = "miss";
    }
}
