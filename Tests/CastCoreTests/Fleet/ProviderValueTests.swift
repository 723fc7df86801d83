import CastCore
import Testing

struct ProviderValueTests {
    @Test(arguments: [("12.8", "12.11"), ("9.9", "10.0"), ("12.4", "13.0")])
    func `CUDA versions compare by number`(older: String, newer: String) throws {
        #expect(try #require(CUDAVersion(older)) < #require(CUDAVersion(newer)))
    }

    @Test(arguments: ["", "12", "12.", ".8", "12.8.1", "twelve.8", "12.-8", "1234.5", "12. 8"])
    func `what is no CUDA version is refused`(text: String) {
        #expect(CUDAVersion(text) == nil)
    }

    @Test func `printing a request or a pod shows the names of its variables and no value`() {
        let environment: PodEnvironment = ["SETUP_TOKEN": "hush", "A": "b-secret"]
        let request = PodRequest(
            name: "n", image: "i", gpu: "NVIDIA L4", cloud: .secure, environment: environment)
        let pod = ProviderPod(id: "p", name: "n", status: .running, environment: environment)
        for text in ["\(request)", "\(pod)", String(reflecting: request), "\(environment)"] {
            #expect(text.contains("SETUP_TOKEN"))
            #expect(!text.contains("hush") && !text.contains("b-secret"))
        }
        var dumped = ""
        dump(request, to: &dumped)
        #expect(!dumped.contains("hush"))
    }

    @Test(arguments: [
        (ProviderFailure(.noCapacity, "", status: 400), true),
        (ProviderFailure(.forbidden, "", status: 403), true),
        (ProviderFailure(.forbidden, "", status: 401), false),
        (ProviderFailure(.invalidRequest, "", status: 400), true),
        (ProviderFailure(.invalidRequest, "", status: 409), true),
        (ProviderFailure(.invalidRequest, "", status: 422), false),
        (ProviderFailure(.outOfMoney, "", status: 402), false),
        (ProviderFailure(.rateLimited(retryAfter: .seconds(1)), "", status: 429), false),
        (ProviderFailure(.gone, "", status: 404), false),
        (ProviderFailure(.unavailable, ""), false),
        (ProviderFailure(.unknownOutcome, "", status: 500), false),
    ])
    func `only some failures may fit elsewhere`(failure: ProviderFailure, fits: Bool) {
        #expect(failure.mayFitElsewhere == fits)
    }

    @Test func `a pod that is called running without an uptime is not up`() {
        var pod = ProviderPod(id: "p", name: "n", status: .running)
        #expect(!pod.isUp)
        pod.uptime = .zero
        #expect(pod.isUp)
    }
}
