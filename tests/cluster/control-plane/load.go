package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"
	"sigs.k8s.io/yaml"
)

const (
	// Everything that the load made carries it.
	loadLabel   = "quarterdeck.test/load"
	perWorkload = 25
	writers     = 16
	// When pods churn, one of so many is deleted, and its replica set makes another; the others are started again.
	deletedOf = 10
)

// What kubectl would take minutes for, because it writes one object after the other and holds itself back:
//
//	load nodes KUBECONFIG COUNT            the node in the YAML on the standard input, so many times
//	load pods KUBECONFIG COUNT NAMESPACES  deployments with so many pods; returns when all of them are ready
//	load churn KUBECONFIG PER-SECOND       pods started again and replaced, one after the other, until it is ended
//	load burst KUBECONFIG                  every pod's restarts counted up once, as fast as it goes
func load(arguments []string) {
	verb := arguments[0]
	cluster := connect(arguments[1])
	switch verb {
	case "nodes":
		makeNodes(cluster, number(arguments[2]))
	case "pods":
		makePods(cluster, number(arguments[2]), number(arguments[3]))
	case "churn":
		go endWithTheTest()
		churn(cluster, number(arguments[2]))
	case "burst":
		pods, err := podsOf(cluster)
		check(err)
		inParallel(len(pods), restartEach(cluster, pods))
	default:
		fail("no such load: " + verb)
	}
}

func connect(kubeconfig string) *kubernetes.Clientset {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	check(err)
	config.RateLimiter = flowcontrol.NewFakeAlwaysRateLimiter()
	config.ContentConfig = rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf"}
	cluster, err := kubernetes.NewForConfig(config)
	check(err)
	return cluster
}

func makeNodes(cluster *kubernetes.Clientset, count int) {
	var sample core.Node
	text, err := io.ReadAll(os.Stdin)
	check(err)
	check(yaml.Unmarshal(text, &sample))
	inParallel(count, func(index int) {
		node := sample.DeepCopy()
		node.Name = fmt.Sprintf("%s-%d", sample.Name, index)
		node.Spec.ProviderID = fmt.Sprintf("%s%03x", sample.Spec.ProviderID, index)
		_, err := cluster.CoreV1().Nodes().Create(context.Background(), node, meta.CreateOptions{})
		checkNew(err)
	})
}

func makePods(cluster *kubernetes.Clientset, count, namespaces int) {
	ctx := context.Background()
	for index := range namespaces {
		namespace := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: loadNamespace(index)}}
		_, err := cluster.CoreV1().Namespaces().Create(ctx, namespace, meta.CreateOptions{})
		checkNew(err)
	}
	nodes, err := cluster.CoreV1().Nodes().List(ctx, meta.ListOptions{})
	check(err)
	inParallel((count+perWorkload-1)/perWorkload, func(index int) {
		replicas := int32(min(perWorkload, count-index*perWorkload))
		deployment := workload(fmt.Sprintf("load-%d", index), replicas)
		// Each on one node, so that the scheduler has nothing to do: it and its events are half of what a pod costs.
		deployment.Spec.Template.Spec.NodeName = nodes.Items[index%len(nodes.Items)].Name
		namespace := loadNamespace(index % namespaces)
		_, err := cluster.AppsV1().Deployments(namespace).Create(ctx, deployment, meta.CreateOptions{})
		checkNew(err)
	})
	for ready := 0; ready < count; time.Sleep(time.Second) {
		ready = 0
		deployments, err := cluster.AppsV1().Deployments("").List(ctx, meta.ListOptions{LabelSelector: loadLabel})
		check(err)
		for _, deployment := range deployments.Items {
			ready += int(deployment.Status.ReadyReplicas)
		}
	}
}

func loadNamespace(index int) string {
	return fmt.Sprintf("load-%d", index)
}

func workload(name string, replicas int32) *apps.Deployment {
	labels := map[string]string{loadLabel: "true", "app": name}
	return &apps.Deployment{
		ObjectMeta: meta.ObjectMeta{Name: name, Labels: labels},
		Spec: apps.DeploymentSpec{
			Replicas: &replicas,
			Selector: &meta.LabelSelector{MatchLabels: labels},
			Template: core.PodTemplateSpec{
				ObjectMeta: meta.ObjectMeta{Labels: labels},
				Spec: core.PodSpec{
					AutomountServiceAccountToken: new(bool),
					Containers:                   []core.Container{{Name: "app", Image: "registry.test/load:1"}},
				},
			},
		},
	}
}

func podsOf(cluster *kubernetes.Clientset) ([]core.Pod, error) {
	pods, err := cluster.CoreV1().Pods("").List(context.Background(), meta.ListOptions{LabelSelector: loadLabel})
	if err != nil {
		return nil, err
	}
	return pods.Items, nil
}

// Again and again over all pods, with those that took the place of deleted ones.
func churn(cluster *kubernetes.Clientset, perSecond int) {
	ticker := time.NewTicker(time.Second / time.Duration(perSecond))
	for {
		pods, err := podsOf(cluster)
		if say(err); len(pods) == 0 {
			time.Sleep(time.Second)
		}
		restart := restartEach(cluster, pods)
		inParallel(len(pods), func(index int) {
			<-ticker.C
			if index%deletedOf == 0 {
				remove(cluster, &pods[index])
			} else {
				restart(index)
			}
		})
	}
}

func remove(cluster *kubernetes.Clientset, pod *core.Pod) {
	say(cluster.CoreV1().Pods(pod.Namespace).Delete(context.Background(), pod.Name, meta.DeleteOptions{}))
}

// What a watch sees of a pod whose container was started again.
func restartEach(cluster *kubernetes.Clientset, pods []core.Pod) func(int) {
	return func(index int) {
		pod := &pods[index]
		if len(pod.Status.ContainerStatuses) == 0 {
			return
		}
		patch := []map[string]any{{
			"op":    "replace",
			"path":  "/status/containerStatuses/0/restartCount",
			"value": pod.Status.ContainerStatuses[0].RestartCount + 1,
		}}
		body, err := json.Marshal(patch)
		check(err)
		_, err = cluster.CoreV1().Pods(pod.Namespace).Patch(
			context.Background(), pod.Name, types.JSONPatchType, body, meta.PatchOptions{}, "status")
		say(err)
	}
}

// The server may be away for a while, that is what some tests are about, and a pod may be gone.
func say(err error) {
	if err != nil && !errors.IsNotFound(err) {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
	}
}

func inParallel(count int, one func(int)) {
	work := make(chan int)
	var group sync.WaitGroup
	for range writers {
		group.Add(1)
		go func() {
			defer group.Done()
			for index := range work {
				one(index)
			}
		}()
	}
	for index := range count {
		work <- index
	}
	close(work)
	group.Wait()
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func checkNew(err error) {
	if !errors.IsAlreadyExists(err) {
		check(err)
	}
}
