package import CastCore
package import HTTPTypes

/// Which requests come from a program, or from a page of this server.
///
/// The admin routes have no log-in, as with the existing server: whoever reaches the port may use them. A browser
/// reaches it on behalf of any page. So nothing is answered under a name that is not this server's, which keeps out
/// pages that have their own name looked up as our address, and nothing is changed for a page that says it is another
/// site's. Programs call an address or a name of the machine, and are not touched.
package struct RequestOrigin: Sendable {
    let hosts: AllowedHosts

    package init(_ configuration: ServerConfiguration) { self.hosts = AllowedHosts(configuration) }

    /// Why a request is refused; nil for one that is not.
    package func refusal(of request: HTTPRequest) -> CastError? {
        // HTTP/1.0 has no host; no browser speaks it.
        if let authority = request.authority, !authority.isEmpty, !Self.isNodeCall(request) {
            guard let host = HostAddress(authority), self.hosts.contains(host) else {
                return CastError(
                    .forbidden,
                    "“\(authority.prefix(100))” is not a name of this server. If it is to be one, list it in the "
                        + "server's variable ALLOWED_HOSTS; its address in numbers works always.")
            }
        }
        let isSafe = [.get, .head, .options].contains(request.method)
        return isSafe || Self.isFromHere(request)
            ? nil : CastError(.forbidden, "This request was made by a page of another site, and is refused.")
    }

    /// Whether a request carries a node's key to a route that looks at it.
    ///
    /// Such a route needs no other guard, and nodes may know the server by any name. A key alone is not enough: a page
    /// can send the header, too.
    private static func isNodeCall(_ request: HTTPRequest) -> Bool {
        guard request.headerFields[.transcriberKey]?.isEmpty == false else { return false }
        let parts = (request.path ?? "").prefix { $0 != "?" }.split(separator: "/")
        guard parts.count >= 4, parts[0] == "api", parts[1] == "nodes" else { return false }
        return parts.count == 4 ? Self.keyedActions.contains(String(parts[3])) : parts[2] == "jobs"
    }

    private static let keyedActions: Set = ["heartbeat", "claim", "claim-embed", "request-termination"]

    private static func isFromHere(_ request: HTTPRequest) -> Bool {
        if let site = request.headerFields[.secFetchSite] { return site == "same-origin" || site == "none" }
        guard let origin = request.headerFields[.origin] else { return true }
        guard let (address, standardPort) = HostAddress.origin(origin),
            let host = request.authority.flatMap({ HostAddress($0) })
        else { return false }
        return address.isSame(as: host, standardPort: standardPort)
    }
}
