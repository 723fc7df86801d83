import CastAPI
import HTTPTypes

/// Headers that the library does not name; the texts of our own are in `CastAPI`.
extension HTTPField.Name {
    static let secFetchSite = Self(known: "Sec-Fetch-Site")
    static let transcriberKey = Self(known: nodeKeyHeader)
    /// By which a pod's setup proves that it is that pod's.
    static let setupToken = Self(known: "X-Setup-Token")
    /// Of the whole file, whatever part of it is sent.
    static let contentSHA256 = Self(known: "X-Content-SHA256")
    static let castVersion = Self(known: "X-Cast2md-Version")
    static let lastEventID = Self(known: "Last-Event-ID")
    /// Tells a proxy in front of us not to hold a stream back.
    static let accelBuffering = Self(known: "X-Accel-Buffering")
    static let jobAttempt = Self(known: attemptHeader)

    private init(known name: String) {
        guard let field = Self(name) else { preconditionFailure("\(name) is not a header's name") }
        self = field
    }
}
