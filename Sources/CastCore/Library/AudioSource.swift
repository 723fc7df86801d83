/// Where a publisher has the very audio that a server has: the address, and what tells that the bytes are the same.
package struct AudioSource: Sendable, Codable, Equatable {
    /// The address as the feed has it: what its redirects lead to may hold for an hour only.
    package var url: String
    package var size: Int64
    /// 64 digits of hexadecimal, in lower case.
    package var sha256: String
    /// The publisher's validators: with them a fetch that broke off goes on where it was.
    package var etag: String?
    package var lastModified: String?

    package init(url: String, size: Int64, sha256: String, etag: String? = nil, lastModified: String? = nil) {
        self.url = url
        self.size = size
        self.sha256 = sha256
        self.etag = etag
        self.lastModified = lastModified
    }

    /// What `If-Range` may carry: a weak tag does not promise the same bytes.
    package var validator: String? {
        if let etag = self.etag, !etag.hasPrefix("W/") { return etag }
        return self.lastModified
    }
}
