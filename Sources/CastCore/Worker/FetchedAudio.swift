/// Where a worker's audio came from so far.
package struct FetchedAudio: Sendable, Codable, Equatable {
    /// Files, and their bytes, that publishers delivered as the server has them.
    package var publisherFiles = 0
    package var publisherBytes: Int64 = 0
    package var serverFiles = 0
    /// What the server sent, tries that broke off included.
    package var serverBytes: Int64 = 0
    /// Tries with publishers that ended with another file than the server's.
    package var differing = 0
    /// Tries with publishers that failed: no answer, an error, too slow.
    package var failing = 0
    /// What publishers sent in vain.
    package var wastedBytes: Int64 = 0

    package init() {}

    enum CodingKeys: String, CodingKey {
        case differing, failing
        case publisherFiles = "publisher_files"
        case publisherBytes = "publisher_bytes"
        case serverFiles = "server_files"
        case serverBytes = "server_bytes"
        case wastedBytes = "wasted_bytes"
    }
}
