import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;

/** Sends requests with the settings of java.net.http as they are: each request offers HTTP/2. */
class JdkClient {
    /** arguments: the URL of a model, and a file with a large body. */
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest.Builder predict = HttpRequest.newBuilder(URI.create(arguments[0] + ":predict"));
        HttpRequest[] requests = {
            HttpRequest.newBuilder(URI.create(arguments[0])).build(),
            predict.POST(BodyPublishers.ofString("{\"instances\": [1.0, 2.0]}")).build(),
            predict.POST(BodyPublishers.ofString("{\"instances\": [\"a\"]}")).build(),
            predict.POST(BodyPublishers.ofFile(Path.of(arguments[1]))).build(),
        };
        for (HttpRequest request : requests) {
            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
            System.out.println(response.statusCode() + " " + response.body().replaceAll("\\s+", " "));
        }
    }
}
